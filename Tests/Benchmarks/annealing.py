#!/usr/bin/env python3
"""Simulated pools of training runs whose learning rate falls, and what a belief may learn from them.

A run is stochastic gradient descent on a quadratic with a power law of curvatures, whose expected loss is known in
closed form (the noisy quadratic model of Zhang et al. 2019, arXiv 1907.04164): every direction is pulled in by the
learning rate and shaken by noise, more the higher the rate. Candidates of a pool differ in curvature, height of the
rate, noise and in the error that no training removes; the schedule is the pool's.

    annealing.py           the pool's and the candidates' drops at the end, for each schedule
    annealing.py FOLDER    writes pools for `learn_prior.py` and `trimtab select --curves`, by schedule

Needs numpy.
"""

import csv
import sys
from pathlib import Path

import numpy

FRACTIONS = 2.0 ** numpy.arange(-6, 1)
STEPS, DIRECTIONS, CANDIDATES = 512, 100, 30
WARM_UP = 0.01
# Name -> (the start of the decay, the rate over its height at a fraction of the data from there on).
SCHEDULES = {
    "constant": (1.0, lambda share: 1.0),
    "cosine": (0.0, lambda share: 0.5 * (1 + numpy.cos(numpy.pi * share))),
    "linear": (0.0, lambda share: 1 - share),
    "linear-from-half": (0.5, lambda share: 1 - share),
    "linear-from-0.8": (0.8, lambda share: 1 - share),
    "root-from-0.9": (0.9, lambda share: 1 - numpy.sqrt(share)),
}
LATE = ("linear-from-half", "linear-from-0.8", "root-from-0.9")
SETTING_SEEDS, FRESH_SEEDS = range(40), range(100, 140)


def rates(schedule):
    start, shape = SCHEDULES[schedule]
    fractions = (numpy.arange(STEPS) + 0.5) / STEPS
    share = numpy.clip((fractions - start) / max(1e-9, 1 - start), 0, 1)
    return numpy.where(fractions < start, 1.0, shape(share)) * numpy.minimum(1, fractions / WARM_UP)


def pool(seed, schedule):
    """Errors, a row a candidate, at `FRACTIONS`; the same seed has the same candidates under every schedule."""
    draw = numpy.random.default_rng(seed)
    places = numpy.arange(1, DIRECTIONS + 1)[None, :]
    curvature = draw.uniform(0.8, 1.6) + draw.normal(0, 0.05, (CANDIDATES, 1))
    h = places**-curvature
    squares = places ** -draw.normal(0.3, 0.1, (CANDIDATES, 1))
    height = 10 ** draw.uniform(-1.2, 0, (CANDIDATES, 1))
    noise = 10 ** (draw.uniform(-3.5, -1.5) + draw.normal(0, 0.2, (CANDIDATES, 1)))
    floor = 10 ** draw.uniform(-2, 0) * numpy.exp(draw.normal(0, 0.1, CANDIDATES))
    shaken = noise * h * DIRECTIONS / h.sum(1, keepdims=True)
    first = (h * squares).sum(1)
    wanted, errors = set(numpy.round(FRACTIONS * STEPS).astype(int)), []
    for step, rate in enumerate(rates(schedule), 1):
        squares = (1 - rate * height * h) ** 2 * squares + (rate * height) ** 2 * shaken
        if step in wanted:
            errors.append((h * squares).sum(1) / first + floor)
    return numpy.array(errors).T


def drops(schedule, seeds):
    """Of each pool by how much its last shared step exceeds that without a decay, and how many times wider the
    candidates' own last steps are."""
    shared, own = [], []
    for seed in seeds:
        steps, plain = (numpy.diff(numpy.log(pool(seed, name)))[:, -1] for name in (schedule, "constant"))
        shared.append(numpy.median(steps) - numpy.median(plain))
        own.append(numpy.median(abs(steps - numpy.median(steps)))
                   / max(1e-4, numpy.median(abs(plain - numpy.median(plain)))))
    return numpy.array(shared), numpy.array(own)


def write(folder, schedule, seeds):
    target = Path(folder) / schedule
    target.mkdir(parents=True, exist_ok=True)
    columns = [str(round(64 * fraction)) for fraction in FRACTIONS]
    for seed in seeds:
        with open(target / f"{seed:03}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["config name", *columns, "size", "family"])
            for number, errors in enumerate(pool(seed, schedule)):
                writer.writerow([f"run{number:02}", *(f"{error:.8f}" for error in errors), 1, f"run{number:02}"])


def main():
    if len(sys.argv) > 1:
        for schedule in SCHEDULES:
            write(sys.argv[1], schedule, SETTING_SEEDS)
        return
    everything = []
    for schedule in SCHEDULES:
        shared, own = drops(schedule, SETTING_SEEDS)
        print(f"{schedule}: shared drop mean {shared.mean():.3f}, deviation {shared.std():.3f}; own steps wider by "
              f"{numpy.median(own):.2f} in the median, by more than 1.7 in {100 * (own > 1.7).mean():.0f} %")
        if schedule in LATE:
            everything.extend(shared)
    print(f"decays within the last doubling: mean {numpy.mean(everything):.3f}, deviation {numpy.std(everything):.3f}")


if __name__ == "__main__":
    main()
