"""Strategies on recorded learning curves: what each suggests, how well it ranks, and what it spends."""

import csv
import json
import subprocess

STRATEGIES = ("race", "mordal", "successiveHalving", "hyperband", "asha", "ats", "random")
BUDGET = 1 / 15


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
    return float(weightedtau([-truth[entry["candidate"]] for entry in ranking], list(scores)).statistic)


def measure(report, binary, files):
    for strategy in STRATEGIES:
        regrets, taus = [], []
        for path in files:
            truth, found = final_losses(path), replay(binary, path, strategy, BUDGET)
            regret = 100 * (truth[found["suggestion"]] / min(truth.values()) - 1)
            tau = weighted_tau(truth, found["ranking"])
            regrets.append(regret)
            taus.append(tau)
            known = [entry for entry in found["ranking"] if entry.get("predictedLoss") is not None and entry["observedFraction"] > 0]
            covered = sum(e["lowerLoss"] <= truth[e["candidate"]] <= e["upperLoss"] for e in known) / max(1, len(known))
            report.add(f"{strategy}, {path.stem}: regret", regret, "%", aim="<= 1",
                       note=f"{found['suggestion']}, {found['gridCost'] / found['cost']:.1f} times cheaper than all, "
                            f"{len(found['decisions'])} trials, 90 % intervals hold {100 * covered:.0f} %"
                            + ("" if tau is None else f", weighted tau {tau:.3f}"))
        known = [tau for tau in taus if tau is not None]
        report.add(f"  mean regret of {strategy}", sum(regrets) / len(regrets), "%", aim="<= 0.5",
                   note=f"mean weighted tau {sum(known) / len(known):.3f}, aim 0.9" if known else "")
