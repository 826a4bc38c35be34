"""What it saves to know what the start of a trial takes: races in the *simulated* zoo, in which each start takes a
tenth of the candidate's full training, beside races that pay as much and are not told of it.

A cost is everything that trials took, starts included, as a part of what training every candidate on all data takes. A
trial that goes on where its worker's trial before left off starts nothing, in both. The seeds are none by which
anything was set.
"""

import json
import os
import statistics
import subprocess
import tempfile

import zoo

SHARE = 0.1
BUDGETS = (0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
SEEDS = range(200, 230)
REGRETS = (0.0, 0.005, 0.01)


def write(rows):
    """The path of a temporary file with the curves and what starts take."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False) as file:
        file.write("encoder,languageModel,fraction,errorFraction,costSeconds,startSeconds\n")
        for row in rows:
            for fraction, error in zip(zoo.FRACTIONS, row["curve"]):
                file.write(f"e{row['encoder']},m{row['model']},{fraction!r},{error!r},{row['cost'] * fraction!r},"
                           f"{SHARE * row['cost']!r}\n")
    return file.name


def search(binary, path, finals, budget, options):
    """The true regret, the cost, and how many trials there were."""
    command = [str(binary), "select", "--curves", path, "--json", "--strategy", "race", "--budget", str(budget),
               *options]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return (finals[found["suggestion"]] / min(finals.values()) - 1, found["cost"] / found["gridCost"],
            len(found["decisions"]))


def cost_until(runs, regret):
    """What the least budget costs from which on the regret stays within a bound; the grid where there is none."""
    cost = 1.0
    for budget in reversed(BUDGETS):
        if runs[budget][0] > regret:
            break
        cost = runs[budget][1]
    return cost


def measure(report, binary, seeds=SEEDS):
    for reports, on_the_way in (("one report a trial", []), ("reports on the way", ["--on-the-way"])):
        runs = {"knowing": [], "blind": []}
        for seed in seeds:
            rows = zoo.candidates(seed, seed % 2 == 1)
            finals = {f"e{row['encoder']} x m{row['model']}": row["curve"][-1] for row in rows}
            path = write(rows)
            try:
                for who, options in (("knowing", []), ("blind", ["--untold-starts"])):
                    runs[who].append({budget: search(binary, path, finals, budget, options + on_the_way)
                                      for budget in BUDGETS})
            finally:
                os.unlink(path)
        for who, found in runs.items():
            for budget in BUDGETS:
                regrets, costs, counts = zip(*(run[budget] for run in found), strict=True)
                report.add(f"starts of {SHARE:.0%}, {reports}, {who}, budget {budget}: regret",
                           100 * statistics.mean(regrets), "%",
                           note=f"at a cost of {statistics.mean(costs):.3f} of the grid, {statistics.mean(counts):.0f} "
                           f"trials, best found in {100 * statistics.mean(regret == 0 for regret in regrets):.0f} %")
        for regret in REGRETS:
            knowing, blind = ([cost_until(run, regret) for run in runs[who]] for who in ("knowing", "blind"))
            mean, off = zoo.interval([one - other for one, other in zip(knowing, blind, strict=True)])
            report.add(f"starts of {SHARE:.0%}, {reports}, cost until the regret stays within {100 * regret:g} %",
                       statistics.mean(knowing), "of the grid",
                       note=f"blind to starts {statistics.mean(blind):.3f}; less {-mean:.3f} +- {off:.3f}; "
                       f"{len(knowing)} seeds")
