"""Whether certainty holds where scores are noisy at all the data too: the *simulated* zoo, evaluated with noise.

What is best goes by the true errors, which no report shows. Reports state the standard error of their scores, or say
nothing of it; the seeds are none by which anything was set. Recorded curves hold one training of each candidate, so the
races repeat none.
"""

import json
import math
import os
import random
import statistics
import subprocess
import tempfile

import zoo

NOISES = (0.005, 0.02, 0.05)  # standard deviation of one evaluation's log error
BUDGETS = (1 / 5, 1 / 2)
SEEDS = range(300, 330)
FULL_SEEDS = range(400, 500)  # what is said with P > .9 is rare where noise is large


def candidates(seed, noise):
    """A pool with its noisy curves; every second one has its best candidate in the worst medoid's cluster."""
    draw, rows = random.Random(f"{seed} {noise} scores"), zoo.candidates(seed, seed % 2 == 1)
    for row in rows:
        row["curve"] = [row["final"] * r ** -row["slope"] * (1 + row["bend"] * math.exp(-r / row["start"]))
                        * math.exp(draw.gauss(0, noise)) for r in zoo.FRACTIONS]
        row["true"] = row["final"] * (1 + row["bend"] * math.exp(-1 / row["start"]))
    return rows


def search(binary, rows, noise, budget):
    """What a race says of pools that state this standard error; None states none."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False) as file:
        stated = "" if noise is None else ",standardError"
        file.write(f"encoder,languageModel,fraction,errorFraction,costSeconds{stated}\n")
        for row in rows:
            for fraction, error in zip(zoo.FRACTIONS, row["curve"]):
                cost, tail = row["cost"] * fraction, "" if noise is None else f",{noise * error!r}"
                file.write(f"e{row['encoder']},m{row['model']},{fraction!r},{error!r},{cost!r}{tail}\n")
    try:
        command = [str(binary), "select", "--curves", file.name, "--json", "--strategy", "race", "--budget",
                   str(budget)]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    finally:
        os.unlink(file.name)


def measure(report, binary, seeds=SEEDS):
    for noise in NOISES:
        for stated in (True, False):
            for budget in BUDGETS:
                regrets, chances, held = [], [], []
                for seed in seeds:
                    rows = candidates(seed, noise)
                    found = search(binary, rows, noise if stated else None, budget)
                    true = {f"e{row['encoder']} x m{row['model']}": row["true"] for row in rows}
                    regrets.append(true[found["suggestion"]] / min(true.values()) - 1)
                    chances.append((found["probabilityBest"], regrets[-1] == 0))
                    held += [entry["lowerLoss"] <= true[entry["candidate"]] <= entry["upperLoss"]
                             for entry in found["ranking"] if entry["observedFraction"] >= 1]
                sure = [right for chance, right in chances if chance > 0.9]
                said, right = (100 * statistics.mean(entry[k] for entry in chances) for k in (0, 1))
                report.add(
                    f"scores off by {100 * noise:g} %, {'stated' if stated else 'not stated'}, race at "
                    f"1/{1 / budget:.3g}: P > .9 right", 100 * statistics.mean(sure) if sure else "none said", "%",
                    aim=">= 90", note=f"{sum(sure)} of {len(sure)} in {len(chances)} pools; best found {right:.0f} %, "
                    f"said {said:.0f} %; regret {100 * statistics.mean(regrets):.2f} %; 90 % intervals of the finished "
                    + (f"hold {100 * statistics.mean(held):.0f} %" if held else "are none"))
