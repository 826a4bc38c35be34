"""Strategies on recorded learning curves: what each suggests, how well it ranks, and what it spends.

Ours predict, whichever strategy chose the trials. Optuna and Syne Tune run beside them at the same budget, over seeded
orders. """

import csv
import json
import statistics
import subprocess

from pools import Pool
from tuners import replay_tuners, request, shuffled

STRATEGIES = ("race", "mordal", "successiveHalving", "hyperband", "asha", "ats", "random")
BUDGET = 1 / 15
TUNERS_START = 1 / 64  # of the data at a tuner's first report
TUNERS_ORDERS = 20


def final_losses(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    most = max((name for name in rows[0] if name.isdigit()), key=int)
    return {row["config name"]: float(row[most]) for row in rows}


def replay(binary, path, strategy, budget):
    command = [str(binary), "select", "--curves", str(path), "--json", "--strategy", strategy, "--budget", str(budget)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def weighted_tau(truth, ranking):
    """Vigna's weighted Kendall tau of the ranking against the truth; None without scipy."""
    try:
        from scipy.stats import weightedtau
    except ImportError:
        return None
    # What was never observed comes last, as it is ranked.
    scores = range(len(ranking), 0, -1)
    return float(weightedtau([-truth[name] for name in ranking], list(scores)).statistic)


def measure(report, binary, files, peer):
    for strategy in STRATEGIES:
        regrets, taus = [], []
        for path in files:
            truth, found = final_losses(path), replay(binary, path, strategy, BUDGET)
            regret = 100 * (truth[found["suggestion"]] / min(truth.values()) - 1)
            tau = weighted_tau(truth, [entry["candidate"] for entry in found["ranking"]])
            regrets.append(regret)
            taus.append(tau)
            known = [
                entry
                for entry in found["ranking"]
                if entry.get("predictedLoss") is not None and entry["observedFraction"] > 0
            ]
            covered = sum(e["lowerLoss"] <= truth[e["candidate"]] <= e["upperLoss"] for e in known) / max(1, len(known))
            report.add(f"{strategy}, {path.stem}: regret", regret, "%", aim="<= 1",
                       note=f"{found['suggestion']}, {found['gridCost'] / found['cost']:.1f} times cheaper than all, "
                            f"{len(found['decisions'])} trials, 90 % intervals hold {100 * covered:.0f} %"
                            + ("" if tau is None else f", weighted tau {tau:.3f}"))
        known = [tau for tau in taus if tau is not None]
        report.add(f"  mean regret of {strategy}", sum(regrets) / len(regrets), "%", aim="<= 0.5",
                   note=f"mean weighted tau {sum(known) / len(known):.3f}, aim 0.9" if known else "")
    measure_uniform(report, files)
    if peer:
        measure_peers(report, files, peer)


def measure_uniform(report, files):
    """What a ranking is worth that trains everybody alike and takes the last errors as they are."""
    for share in (2, 4, 8, 16):
        taus = []
        for path in files:
            with open(path, newline="") as file:
                rows = list(csv.DictReader(file))
            sizes = sorted(int(name) for name in rows[0] if name.isdigit() and int(name) > 0)
            column = str(next(size for size in reversed(sizes) if size <= sizes[-1] / share))
            ranking = [row["config name"] for row in sorted(rows, key=lambda row: float(row[column]))]
            taus.append(weighted_tau(final_losses(path), ranking))
        if None not in taus:
            report.add(f"ranked by the errors at 1/{share} of the data, mean weighted tau", statistics.mean(taus), "",
                       note=f"{share} times cheaper than all; " + ", ".join(f"{tau:.3f}" for tau in taus))


def measure_peers(report, files, peer):
    """The tuners of practice, each over seeded orders of the candidates."""
    means = {}
    pools = [Pool(path) for path in files]
    requests = [request(pool, BUDGET, pool.fractions.index(TUNERS_START),
                        [shuffled(len(pool.rows), seed) for seed in range(TUNERS_ORDERS)], range(TUNERS_ORDERS))
                for pool in pools]
    for path, pool, found in zip(files, pools, replay_tuners(peer, requests), strict=True):
        truth, names = final_losses(path), [row["config name"] for row in pool.rows]
        for tuner, runs in found.items():
            rankings = [[names[candidate] for candidate in run["ranking"]] for run in runs]
            regrets = [100 * (truth[ranking[0]] / min(truth.values()) - 1) for ranking in rankings]
            taus = [weighted_tau(truth, ranking) for ranking in rankings]
            spent = statistics.mean(run["cost"] for run in runs)
            half = 1.96 * statistics.stdev(regrets) / len(regrets) ** 0.5
            means.setdefault(tuner, []).append(
                (statistics.mean(regrets), None if None in taus else statistics.mean(taus))
            )
            report.add(f"{tuner}, {path.stem}: mean regret of {len(runs)} orders", means[tuner][-1][0], "%",
                       note=f"+- {half:.2f}, largest {max(regrets):.2f}; {100 * spent:.0f} % of the budget spent"
                            + ("" if None in taus else f"; weighted tau {means[tuner][-1][1]:.3f}"))
    for tuner, values in means.items():
        taus = [tau for _, tau in values if tau is not None]
        report.add(f"  mean regret of {tuner}", statistics.mean(regret for regret, _ in values), "%",
                   note=f"mean weighted tau {statistics.mean(taus):.3f}" if taus else "")
