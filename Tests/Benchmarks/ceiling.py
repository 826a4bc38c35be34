"""How good a ranking can be expected at a budget, of one who knows beforehand how a file's curves behave.

The log errors of a file's models are a Gaussian process over the logarithm of the data: levels and slopes that the pool
shares, that a family shares, and each model's own; slopes wander as Ornstein-Uhlenbeck processes. Its deviations and
memories are those of greatest likelihood on the file's *whole* curves, final errors included, which no search can know.
Everybody begins at 1/64 of the data; then one model after the other is trained twice as far, always the one that raises
the expected weighted Kendall tau most for its cost, until the budget is spent.

How well a part of each curve tells the best is shown first: final log errors as a linear function of the last level and
the last two steps, fitted by least squares to the answers themselves.

The expected tau is what the ranking by posterior means is worth over draws of the final errors from the posterior. It
is an estimate of what is possible, not a bound: it believes in the process, and looks one step ahead.
"""

import csv
import statistics
from typing import Any

import numpy
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.stats import weightedtau

BUDGETS = (15, 8, 3)  # the last is where 0.9 can be expected
FIRST = 5  # smaller sizes lie outside the power law
BEGIN = 7  # 1/64 of the data
DRAWS, TRIALS = 400, 60
# Deviations and memories (e-folds of data) that the fit begins with: slopes of pool, family, model; noise; levels.
START: dict[str, Any] = {"pool": (0.02, 3.0), "family": (0.03, 3.0), "own": (0.03, 5.0), "noise": 0.005,
                         "levels": (0.15, 0.15)}
MEAN_SLOPE, MEAN_SLOPE_DEVIATION, MEAN_LEVEL, LEVEL_DEVIATION = -0.08, 0.04, 0.4, 0.5


def integral_covariance(distances, others, law):
    """Of the integrals from -distance to 0 of an Ornstein-Uhlenbeck slope with a deviation and a memory."""
    deviation, memory = law
    one, other = numpy.asarray(distances)[:, None], numpy.asarray(others)[None, :]
    fade = 1 - numpy.exp(-one / memory) - numpy.exp(-other / memory) + numpy.exp(-numpy.abs(one - other) / memory)
    return deviation**2 * (2 * memory * numpy.minimum(one, other) - memory**2 * fade)


def read(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    sizes = sorted(int(name) for name in rows[0] if name.isdigit() and int(name) > 0)
    families = sorted({row["family"] for row in rows})
    return (
        numpy.log(numpy.array(sizes) / sizes[-1]),
        numpy.log([[float(row[str(s)]) for s in sizes] for row in rows]),
        numpy.array([float(row["size"]) for row in rows]),
        numpy.array([families.index(row["family"]) for row in rows]),
    )


class Process:
    """`law`: logarithms of the parameters in `START`, in its order."""

    def __init__(self, path):
        self.x, self.y, self.size, self.family = read(path)
        self.start = numpy.log([*START["pool"], *START["family"], *START["own"], START["noise"], *START["levels"]])
        self.law = self.start

    def covariance(self, models, x, others, z):
        def slopes(deviation, memory):
            return integral_covariance(-x, -z, (deviation, memory))

        a, b = x[:, None], z[None, :]
        pool, pool_memory, family, family_memory, own, own_memory, _, family_level, own_level = numpy.exp(self.law)
        related = self.family[models][:, None] == self.family[others][None, :]
        same = models[:, None] == others[None, :]
        return (slopes(pool, pool_memory) + MEAN_SLOPE_DEVIATION**2 * a * b + LEVEL_DEVIATION**2
                + related * (slopes(family, family_memory) + family_level**2)
                + same * (slopes(own, own_memory) + own_level**2))

    def seen(self, reached):
        """Models, places on the curves and centred log errors of all that was observed, and their covariance's
        factor."""
        models = numpy.concatenate([numpy.full(last + 1 - FIRST, i) for i, last in enumerate(reached)])
        at = numpy.concatenate([numpy.arange(FIRST, last + 1) for last in reached])
        x, noise = self.x[at], numpy.exp(2 * self.law[6])
        factor = cho_factor(self.covariance(models, x, models, x) + noise * numpy.eye(len(x)), lower=True)
        return models, x, self.y[models, at] - MEAN_LEVEL - MEAN_SLOPE * x, factor

    def learn(self):
        """The law of greatest likelihood on whole curves, held loosely to where it begins."""
        def loss(law):
            self.law = law
            _, _, y, factor = self.seen([len(self.x) - 1] * len(self.size))
            return (y @ cho_solve(factor, y) / 2 + numpy.log(numpy.diag(factor[0])).sum()
                    + numpy.square((law - self.start) / 1.5).sum() / 2)

        self.law = minimize(loss, self.start, method="L-BFGS-B", options={"maxiter": 60}).x

    def predict(self, reached):
        """(means, covariance) of the final log errors and then of the next observations, as they would be seen."""
        models, x, y, factor = self.seen(reached)
        count = len(self.size)
        asked = numpy.concatenate([numpy.arange(count)] * 2)
        at = numpy.concatenate([numpy.zeros(count), self.x[numpy.minimum(numpy.array(reached) + 1, len(self.x) - 1)]])
        cross = self.covariance(asked, at, models, x)
        means = MEAN_LEVEL + MEAN_SLOPE * at + cross @ cho_solve(factor, y)
        spread = self.covariance(asked, at, asked, at) - cross @ cho_solve(factor, cross.T)
        return means, spread + numpy.exp(2 * self.law[6]) * numpy.eye(2 * count)


def tau(finals, means):
    return float(weightedtau(-finals, -means).statistic)


def reachable(process, share, seed=0):
    """(expected weighted tau, that which came true, share of the grid's cost) of the greedy search."""
    random, count = numpy.random.default_rng(seed), len(process.size)
    fractions, grid = numpy.exp(process.x), process.size.sum()
    reached, spent = [BEGIN] * count, float(fractions[BEGIN])
    while True:
        means, covariance = process.predict(reached)
        finals, spread = means[:count], covariance[:count, :count]
        factor = numpy.linalg.cholesky(spread)
        steps = {i: process.size[i] * (fractions[reached[i] + 1] - fractions[reached[i]]) / grid
                 for i in range(count) if reached[i] + 1 < len(fractions)}
        steps = {i: cost for i, cost in steps.items() if spent + cost <= share}
        if not steps:
            draws = finals + (factor @ random.standard_normal((count, DRAWS))).T
            return statistics.mean(tau(draw, finals) for draw in draws), tau(process.y[:, -1], finals), spent
        shared, news = random.standard_normal((count, TRIALS)), random.standard_normal(TRIALS)
        without = statistics.mean(tau(finals + factor @ column, finals) for column in shared.T)
        worth = {}
        for i, cost in steps.items():
            # Seeing the next point moves the finals along `tells`, and leaves this much unknown.
            tells = covariance[:count, count + i] / covariance[count + i, count + i] ** 0.5
            left = numpy.linalg.cholesky(spread - numpy.outer(tells, tells) + 1e-9 * numpy.eye(count))
            moved = [finals + new * tells for new in news]
            worth[i] = (
                statistics.mean(tau(m + left @ column, m) for m, column in zip(moved, shared.T)) - without
            ) / cost
        best = max(worth, key=worth.__getitem__)
        reached[best], spent = reached[best] + 1, spent + steps[best]


def in_hindsight(report, path):
    """What a linear rule that knows the answers leaves unexplained, and whom it takes for the best."""
    with open(path, newline="") as file:
        names = [row["config name"] for row in csv.DictReader(file)]
    y = read(path)[1]
    best, second = numpy.argsort(y[:, -1])[:2]
    for doublings in (1, 2, 3):
        at = y.shape[1] - 1 - doublings
        seen = numpy.column_stack([numpy.ones(len(y)), y[:, at], y[:, at] - y[:, at - 1], y[:, at - 1] - y[:, at - 2]])
        rule = numpy.linalg.lstsq(seen, y[:, -1], rcond=None)[0]
        rest = y[:, -1] - seen @ rule
        deviation = (rest @ rest / (len(y) - seen.shape[1])) ** 0.5
        apart, predicted = (100 * (finals[second] - finals[best]) for finals in (y[:, -1], seen @ rule))
        report.add(f"{path.stem}, final error from 1/{2**doublings} by a linear rule fitted to the answers: off by",
                   100 * deviation, "%",
                   note=f"picks {names[(seen @ rule).argmin()]}; {names[best]} ends {apart:.2f} % below {names[second]}"
                        f", by the rule {predicted:.2f} %")


def measure(report, files):
    for path in files:
        in_hindsight(report, path)
    processes = [Process(path) for path in files]
    for process in processes:
        process.learn()
    for times in BUDGETS:
        found = [reachable(process, 1 / times) for process in processes]
        for path, (expected, true, spent) in zip(files, found):
            report.add(
                f"weighted tau to be expected, {path.stem}",
                expected,
                "",
                note=f"{1 / spent:.1f} times cheaper than all, by one who knows the law of whole curves; "
                     f"{true:.3f} came true",
            )
        report.add(f"  mean at 1/{times} of the grid's cost", statistics.mean(expected for expected, _, _ in found), "",
                   note=f"{statistics.mean(true for _, true, _ in found):.3f} came true")
