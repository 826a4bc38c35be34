"""The real grid of `fixtures/experiment`: the searches beside baselines that cost nothing to write, and what the noise
of its evaluation makes of each.

An error there is the share of 1256 held-out views that were matched wrongly, so an evaluation has a standard error of
.014, and the best two, which end 3 views apart, differ by less than that. Each plan is carried out on the curves as
they were recorded, and on draws in which every error has another such noise (normal, independent between fractions,
which evaluations on the same views are not); what is best goes by the recorded final errors. Searches get the
standard error.
"""

import csv
import json
import math
import os
import random
import statistics
import subprocess
import tempfile

from pools import Curves

VIEWS = 1256  # 8 of each of 157 pictures
FRACTIONS = [2.0**-k for k in range(6, -1, -1)]
BUDGETS = [2.0**-k for k in range(6, 1, -1)]
DRAWS = 100


def read(path):
    """Candidate -> [(fraction, error, seconds)] at 1/64, 1/32, ... 1."""
    curves = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            if float(row["fraction"]) in FRACTIONS:
                point = float(row["fraction"]), float(row["errorFraction"]), float(row["costSeconds"])
                curves.setdefault((row["encoder"], row["languageModel"]), []).append(point)
    return curves


def standard_error(error):
    return math.sqrt(error * (1 - error) / VIEWS)


def noisy(curves, draw):
    return {name: [(fraction, min(1.0, max(1 / VIEWS, error + standard_error(error) * draw.gauss(0, 1))), seconds)
                   for fraction, error, seconds in points] for name, points in curves.items()}


def search(binary, curves, strategy, budget):
    """The suggested candidate, the probability that it is said to be best with, and what the search cost."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False) as file:
        file.write("encoder,languageModel,fraction,errorFraction,costSeconds,standardError\n")
        for (encoder, model), points in curves.items():
            for fraction, error, seconds in points:
                file.write(f"{encoder},{model},{fraction!r},{error!r},{seconds!r},{standard_error(error)!r}\n")
    try:
        command = [str(binary), "select", "--curves", file.name, "--json", "--strategy", strategy, "--budget",
                   str(budget)]
        found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    finally:
        os.unlink(file.name)
    return tuple(found["suggestion"].split(" x ")), found["probabilityBest"], found["cost"] / found["gridCost"]


def outcome(binary, curves, name, budget):
    """What a plan picks on these curves; the probability is None where a plan states none."""
    if name in ("race", "successiveHalving"):
        return search(binary, curves, name, budget)
    names = list(curves)
    plans = Curves(FRACTIONS, [[error for _, error, _ in curves[one]] for one in names],
                   [curves[one][-1][2] for one in names])
    return names[getattr(plans, name)(budget * (1 + 1e-9))[0]], None, budget


def measure(report, binary, path):
    curves = read(path)
    finals = {name: points[-1][1] for name, points in curves.items()}
    best = min(finals, key=finals.__getitem__)
    draw = random.Random(20261128)
    draws = [noisy(curves, draw) for _ in range(DRAWS)]
    for budget in BUDGETS:
        for name in ("everybody", "halving", "race", "successiveHalving"):
            pick, chance, _ = outcome(binary, curves, name, budget)
            outcomes = [outcome(binary, one, name, budget) for one in draws]
            regrets = [100 * (finals[one] / finals[best] - 1) for one, _, _ in outcomes]
            found = sum(one == best for one, _, _ in outcomes)
            note = (f"{' x '.join(pick)}; {DRAWS} draws of noise: mean {statistics.mean(regrets):.2f} %, best in "
                    f"{found}, at most 1 % in {sum(regret <= 1 for regret in regrets)}")
            if chance is not None:
                sure = [one == best for one, said, _ in outcomes if said > 0.9]
                note += f"; says P = {chance:.2f}, in the draws P > .9 right in {sum(sure)} of {len(sure)}"
            report.add(f"real grid, 1/{1 / budget:.0f}, {name}: regret as recorded",
                       100 * (finals[pick] / finals[best] - 1), "%", note=note)
