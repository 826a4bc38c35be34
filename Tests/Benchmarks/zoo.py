"""A *simulated* zoo of 7 encoders x 7 language models, searched over many seeds.

Final error = encoder's x language model's factor x an interaction; the error at fraction r follows a power law from a
point of its own on and bends before it (slow starters), with noise of one evaluation. With `weak` the best candidate is
moved into the cluster of the worst medoid. Clusters are the encoders, each with its first language model as medoid.
"""

import json
import math
import os
import random
import statistics
import subprocess
import tempfile
from typing import Any

FRACTIONS = (1 / 64, 0.03, 1 / 32, 0.06, 1 / 16, 0.12, 1 / 8, 1 / 4, 1 / 2, 1)


def candidates(seed, weak):
    draw = random.Random(f"{seed} {weak}")
    encoders = [0.35 * math.exp(draw.gauss(0, 0.12)) for _ in range(7)]
    models = [math.exp(draw.gauss(0, 0.06)) for _ in range(7)]
    rows: list[dict[str, Any]]
    rows = [{"encoder": e, "model": m, "final": encoders[e] * models[m] * math.exp(draw.gauss(0, 0.02)),
             "slope": draw.uniform(0.08, 0.2), "bend": draw.choice((0, 0, 0, 0.25)), "start": draw.uniform(0.01, 0.08),
             "cost": (1 + 0.2 * e) * (5 + m)} for e in range(7) for m in range(7)]
    if weak:
        worst = max(range(7), key=lambda e: next(r["final"] for r in rows if r["encoder"] == e and r["model"] == 0))
        best = min(rows, key=lambda row: row["final"])
        hidden = next(row for row in rows if row["encoder"] == worst and row["model"] == 3)
        best["final"], hidden["final"] = hidden["final"], best["final"]
    for row in rows:
        row["curve"] = [row["final"] * r ** -row["slope"] * (1 + row["bend"] * math.exp(-r / row["start"]))
                        * math.exp(draw.gauss(0, 0.005) if r < 1 else 0) for r in FRACTIONS]
    return rows


def write(rows, fractions=FRACTIONS):
    """The path of a temporary file with the curves."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False) as file:
        file.write("encoder,languageModel,fraction,errorFraction,costSeconds\n")
        for row in rows:
            for fraction, error in zip(fractions, row["curve"]):
                file.write(f"e{row['encoder']},m{row['model']},{fraction!r},{error!r},{row['cost'] * fraction!r}\n")
    return file.name


def search(binary, rows, strategy, fractions=FRACTIONS, options=(), budget=1.0):
    path = write(rows, fractions)
    try:
        command = [str(binary), "select", "--curves", path, "--json", "--strategy", strategy, "--budget", str(budget),
                   *options]
        found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    finally:
        os.unlink(path)
    true = {f"e{row['encoder']} x m{row['model']}": row["curve"][-1] for row in rows}
    best = min(true.values())
    known = [e for e in found["ranking"] if e.get("predictedLoss") is not None and e["observedFraction"] > 0]
    covered = statistics.mean(e["lowerLoss"] <= true[e["candidate"]] <= e["upperLoss"] for e in known)
    return true[found["suggestion"]] / best - 1, found["gridCost"] / found["cost"], covered


def interval(values):
    """Mean and half the width of its 95 % interval."""
    return statistics.mean(values), 1.96 * statistics.stdev(values) / math.sqrt(len(values))


def measure(report, binary):
    for weak in (False, True):
        where = "the best in the worst medoid's cluster" if weak else "as drawn"
        # What a strategy spends by itself, of a budget for all; then what each finds with the same part of it.
        plans = [(strategy, range(100), 1.0) for strategy in ("race", "mordal", "ats", "asha")]
        for part in (11.6, 8):
            plans += [(strategy, range(200, 260), 1 / part) for strategy in ("race", "successiveHalving")]
        for strategy, seeds, budget in plans:
            runs = [search(binary, candidates(seed, weak), strategy, budget=budget) for seed in seeds]
            (top, wide), (regret, off), (saving, spread) = (
                interval(values) for values in ([run[0] == 0 for run in runs], [100 * run[0] for run in runs],
                                                [run[1] for run in runs]))
            report.add(
                f"simulated 7 x 7 zoo, {where}, {strategy}, budget 1/{1 / budget:.3g}, seeds {seeds[0]} to "
                f"{seeds[-1]}: best found",
                100 * top,
                "%",
                note=f"+- {100 * wide:.1f}; mean regret {regret:.2f} +- {off:.2f} %; {saving:.1f} +- {spread:.1f} "
                f"times cheaper; 90 % intervals hold {100 * statistics.mean(run[2] for run in runs):.0f} %",
            )
