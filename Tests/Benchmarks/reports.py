"""What reports on the way of a trial are worth: the *simulated* zoo, evaluated ten times in each doubling of the data
with noise, searched once with the evaluations at assigned fractions only and once with all that trials pass.
"""

import math
import random

import zoo

NOISES = (0.005, 0.02, 0.05)  # standard deviation of one evaluation's log error
FRACTIONS = tuple(sorted({2 ** (-k / 10) for k in range(110)} | set(zoo.FRACTIONS)))


def candidates(seed, weak, noise):
    draw, rows = random.Random(f"{seed} {weak} {noise}"), zoo.candidates(seed, weak)
    for row in rows:
        row["curve"] = [row["final"] * r ** -row["slope"] * (1 + row["bend"] * math.exp(-r / row["start"]))
                        * math.exp(draw.gauss(0, noise) if r < 1 else 0) for r in FRACTIONS]
    return rows


def measure(report, binary, seeds=50):
    for noise in NOISES:
        for strategy in ("race", "mordal"):
            for words, options in (("assigned fractions only", ()), ("all that trials pass", ("--on-the-way",))):
                runs = [zoo.search(binary, candidates(seed, seed % 2 == 1, noise), strategy, FRACTIONS, options)
                        for seed in range(seeds)]
                (regret, off), (top, wide), (saving, spread) = (
                    zoo.interval(values) for values in ([100 * run[0] for run in runs], [run[0] == 0 for run in runs],
                                                        [run[1] for run in runs]))
                report.add(
                    f"{strategy}, evaluations off by {100 * noise:g} %, {words}: mean regret",
                    regret,
                    "%",
                    note=f"+- {off:.2f}; best found {100 * top:.0f} +- {100 * wide:.0f} %; {saving:.1f} +- "
                    f"{spread:.1f} times cheaper",
                )
