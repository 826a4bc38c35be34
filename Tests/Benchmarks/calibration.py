"""How sure the search is, and how right: intervals, probabilities and regrets against what came true.

Everybody is trained to a fraction R and the rest is predicted, for each R; and a race is run to its end. An interval of
mass p should hold the truth in p of the cases; candidates said to be best with probability p should be best in p of the
cases.
Cases of one pool and fraction are not independent, as curves bend together, so a pool is right on average over
fractions at best.
"""

import csv
import itertools
import json
import math
import os
import statistics
import subprocess

import zoo

FRACTIONS = [2.0**-k for k in range(6, 0, -1)]
QUANTILES = {50: 0.6744897501960817, 80: 1.2815515655446004, 90: 1.6448536269514722}
BINS = (0, 0.02, 0.1, 0.3, 0.6, 0.9, 1)
SEEDS = 20


def wide(path):
    """Candidate -> {fraction: error} of a table with a column for each number of samples."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    sizes = sorted(int(name) for name in rows[0] if name.isdigit() and int(name) > 0)
    return {row["config name"]: {size / sizes[-1]: float(row[str(size)]) for size in sizes} for row in rows}


def long(path):
    """The same of a table with one evaluation a row."""
    curves = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            curve = curves.setdefault(f"{row['encoder']} x {row['languageModel']}", {})
            curve[float(row["fraction"])] = float(row["errorFraction"])
    return curves


def replay(binary, path, *options):
    command = [str(binary), "select", "--curves", str(path), "--json", *map(str, options)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


class Tally:
    """Predictions beside what came true."""

    def __init__(self):
        self.scores, self.chances, self.regrets = [], [], []

    def score(self, mean, deviation, truth):
        self.scores.append(float((truth - mean) / deviation))

    def take(self, found, truth):
        """Takes what a search says of those it has seen a part of."""
        least = min(truth.values())
        for entry in found["ranking"]:
            if entry.get("predictedLoss") is None:
                continue
            error, chance = truth[entry["candidate"]], entry["probabilityBest"]
            self.chances.append((chance, error == least))
            if 0 < entry["observedFraction"] < 1:
                width = math.log(entry["upperLoss"] / entry["lowerLoss"]) / (2 * QUANTILES[90])
                self.score(math.log(entry["predictedLoss"]), width, math.log(error))
        # How much higher than the best: as a part of its own error, as it is predicted.
        self.regrets.append((found["expectedRegretFraction"], 1 - least / truth[found["suggestion"]]))

    def coverage(self, mass):
        return 100 * statistics.mean(abs(score) < QUANTILES[mass] for score in self.scores)


def reliability(chances):
    """For bins of the stated probability: how often it came true beside the mean of what was stated."""
    parts = []
    for low, high in itertools.pairwise(BINS):
        inside = [entry for entry in chances if low < entry[0] <= high or low == entry[0] == 0]
        if inside:
            stated, true = (100 * statistics.mean(entry[k] for entry in inside) for k in (0, 1))
            parts.append(f"{stated:.1f} {true:.1f} ({len(inside)})")
    return ", ".join(parts)


def pools(files, grid):
    """(name, path, final errors) of each pool, and of the simulated ones a list."""
    yield from ((path.stem, [(path, {name: curve[1.0] for name, curve in wide(path).items()})]) for path in files)
    yield "real grid", [(grid, {name: curve[1.0] for name, curve in long(grid).items()})]
    simulated = []
    for seed in range(SEEDS):
        rows = zoo.candidates(seed, False)
        simulated.append((zoo.write(rows), {f"e{row['encoder']} x m{row['model']}": row["curve"][-1] for row in rows}))
    yield "simulated zoo", simulated
    for path, _ in simulated:
        os.unlink(path)


def measure(report, binary, files, grid):
    chances = []
    for name, cases in pools(files, grid):
        tallies = {}
        for path, truth in cases:
            for fraction in FRACTIONS:
                found = replay(
                    binary, path, "--strategy", "ats", "--start-fraction", 1 / 64, "--observed-fraction", fraction
                )
                tallies.setdefault("trained to 1/64 ... 1/2", Tally()).take(found, truth)
            tallies.setdefault("after a race", Tally()).take(
                replay(binary, path, "--strategy", "race", "--budget", 1), truth
            )
        for kind, tally in tallies.items():
            chances += tally.chances
            expected, true = (100 * statistics.mean(regret[k] for regret in tally.regrets) for k in (0, 1))
            report.add(f"{name}, {kind}: 90 % intervals hold", tally.coverage(90), "%", aim="90",
                       note=f"80 %: {tally.coverage(80):.0f}, 50 %: {tally.coverage(50):.0f}, of {len(tally.scores)}; "
                            f"regret {true:.2f} %, expected {expected:.2f} %")
    stated = statistics.mean(chance * (1 - chance) for chance, _ in chances)
    report.add(
        "probabilities to be best: squared error",
        statistics.mean((chance - true) ** 2 for chance, true in chances),
        "",
        aim=f"{stated:.4f}",
        note=f"the aim is what they state; stated, true (cases): {reliability(chances)}",
    )

