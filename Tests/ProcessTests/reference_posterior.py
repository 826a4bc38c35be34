"""What is known of final errors, computed a second time from its definition with numpy and scipy, and nothing of ours.

A curve is a Gaussian process over x, the logarithm of the data, with a level of which nothing is known: y(x) = level -
integral from x to 0 of the slope, whose mean is the pool's and whose departure from that is an Ornstein-Uhlenbeck
process. Here all is done with whole covariance matrices; the engine filters point by point.
"""

import dataclasses

import numpy
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import norm

# Other pools' slopes differ by this factor more than they did in the median pool: few curves then surprise less.
SLOPE_ALLOWANCE = 1.6


@dataclasses.dataclass
class Belief:
    """What is believed of a pool before any of it was seen; the law's parts are slope deviation, memory and noise."""

    mean_slope: float = -0.08
    mean_slope_deviation: float = 0.04
    law: tuple[float, ...] = (0.06, 7.0, 0.004)
    law_deviations: tuple[float, ...] = (0.2, 0.5, 0.5)
    common_share: float = 2.0
    final_deviation: float = 0.25
    final_weight_fraction: float = 0.25
    spread: float = 0.15
    spread_weight: float = 3.0


BELIEF = Belief()


def integral_covariance(distances, others, law):
    """Of the departures' integrals from -distance to 0."""
    deviation, memory, _ = law
    one, other = numpy.asarray(distances)[:, None], numpy.asarray(others)[None, :]
    fade = 1 - numpy.exp(-one / memory) - numpy.exp(-other / memory) + numpy.exp(-numpy.abs(one - other) / memory)
    return deviation**2 * (2 * memory * numpy.minimum(one, other) - memory**2 * fade)


def extrapolate(x, y, law, mean_slope):
    """(mean, variance of its own, how it changes with the mean slope) of the log error that is seen at x = 0."""
    covariance = integral_covariance(-x, -x, law) + law[2] ** 2 * numpy.eye(len(x))
    factor = cho_factor(covariance)
    # Each point tells of the level: y - mean slope * x = level + noise, with this covariance.
    ones = numpy.ones(len(x))
    weights = cho_solve(factor, ones) / (ones @ cho_solve(factor, ones))
    return weights @ (y - mean_slope * x), 1 / (ones @ cho_solve(factor, ones)) + law[2] ** 2, -weights @ x


def spaced(x, y, least=0.6):
    """Points apart, from the largest down."""
    kept = []
    for index in reversed(range(len(x))):
        if not kept or x[kept[-1]] - x[index] >= least:
            kept.append(index)
    kept = kept[::-1]
    return x[kept], y[kept]


def loss(curves, shifts, belief):
    """Minus the log posterior density of a law, up to a constant, and mean and deviation of the mean slope given it."""
    law = numpy.array(belief.law) * numpy.exp(shifts)
    precision, weighted, square, determinant = belief.mean_slope_deviation**-2, 0.0, 0.0, 0.0
    weighted += belief.mean_slope * precision
    square += belief.mean_slope**2 * precision
    for x, y in curves:
        covariance = integral_covariance(-x, -x, law) + law[2] ** 2 * numpy.eye(len(x))
        # What is left of a curve without its level: differences to the first point.
        difference = numpy.hstack([-numpy.ones((len(x) - 1, 1)), numpy.eye(len(x) - 1)])
        factor = cho_factor(difference @ covariance @ difference.T)
        rise, run = y[1:] - y[0], x[1:] - x[0]
        precision += run @ cho_solve(factor, run)
        weighted += run @ cho_solve(factor, rise)
        square += rise @ cho_solve(factor, rise)
        determinant += 2 * numpy.log(numpy.diag(factor[0])).sum()
    off = numpy.square(numpy.array(shifts) / belief.law_deviations).sum()
    value = (square - weighted**2 / precision + determinant + numpy.log(precision) + off) / 2
    return value, law, weighted / precision, precision**-0.5


def learn(curves, belief):
    """(law, mean slope, its deviation): the best that a pattern search finds, by steps of 1, 1/2 and 1/4 in
    logarithms."""
    shifts = numpy.zeros(3)
    best = loss(curves, shifts, belief)
    for step in (1.0, 0.5, 0.25):
        while True:
            trials = [shifts + step * direction for direction in numpy.vstack([numpy.eye(3), -numpy.eye(3)])]
            found = [(loss(curves, trial, belief), trial) for trial in trials if numpy.abs(trial).max() <= 4]
            least, trial = min(found, key=lambda one: one[0][0])
            if least[0] >= best[0]:
                break
            best, shifts = least, trial
    return best[1:]


def final_prior(means, variances, belief):
    """Mean and variance of the pool's final log errors: expectation and maximization, twenty times."""
    means, variances, spread = numpy.array(means), numpy.array(variances), belief.final_deviation**2
    for _ in range(20):
        mean = numpy.average(means, weights=1 / (variances + spread))
        share = spread / (spread + variances)
        square = (share * (means - mean)) ** 2 + share * variances
        share = belief.final_weight_fraction
        spread = (share * belief.final_deviation**2 + square.mean()) / (share + 1)
    return mean, spread


class Posterior:
    """Takes observations in the order of their reports; `finals[candidate]` is (mean, deviation of its own, deviation
    of what is common to the pool) of its final log error.

    What is common is learned anew when the observations have grown by more than a tenth since it last was.
    """

    def __init__(self, cluster_of, medoids, belief=BELIEF):
        self.cluster_of, self.medoids, self.belief = cluster_of, medoids, belief
        self.curves, self.finals, self.count, self.renewed = {}, {}, 0, 0
        self.law, self.slope, self.slope_deviation = belief.law, belief.mean_slope, belief.mean_slope_deviation
        self.prior, self.spread = (0.0, 0.0), belief.spread

    def observe(self, candidate, fraction, error):
        self.curves.setdefault(candidate, {})[fraction] = error
        self.count += 1
        if self.count - self.renewed > self.renewed // 10:
            self.renewed = self.count
            self.renew()
        else:
            self.finals[candidate] = self.together(self.own(candidate))

    def points(self, candidate):
        fractions = sorted(self.curves[candidate])
        return numpy.log(fractions), numpy.log([self.curves[candidate][fraction] for fraction in fractions])

    def renew(self):
        curves = [spaced(*self.points(candidate)) for candidate in sorted(self.curves)]
        self.law, self.slope, self.slope_deviation = learn(
            [curve for curve in curves if len(curve[0]) > 1], self.belief
        )
        off = [self.finals[c][0] - self.finals[self.medoids[self.cluster_of[c]]][0] for c in self.finals
               if c != self.medoids[self.cluster_of[c]] and self.medoids[self.cluster_of[c]] in self.finals]
        weight = self.belief.spread_weight
        self.spread = numpy.sqrt((weight * self.belief.spread**2 + numpy.square(off).sum()) / (weight + len(off)))
        own = {candidate: self.own(candidate) for candidate in self.curves}
        self.prior = final_prior([one[0] for one in own.values()], [one[1] ** 2 for one in own.values()], self.belief)
        self.finals = {candidate: self.together(one) for candidate, one in own.items()}

    def own(self, candidate):
        """What its own curve says."""
        x, y = self.points(candidate)
        if x[-1] == 0:
            return y[-1], 1e-9, 0.0
        mean, variance, change = extrapolate(x, y, self.law, self.slope)
        drift = self.belief.common_share * 2 * self.law[0] ** 2 / self.law[1] * -x[-1] ** 3 / 3
        return mean, numpy.sqrt(variance), numpy.sqrt((change * self.slope_deviation) ** 2 + drift)

    def together(self, one):
        """The same in the light of the other candidates: a product of two normal densities."""
        mean, spread = self.prior
        precision = 1 / one[1] ** 2 + 1 / spread
        return (one[0] / one[1] ** 2 + mean / spread) / precision, precision**-0.5, one[2]

    def belief_of(self, candidate):
        """Its own, or its medoid's with the spread inside clusters; None where neither was seen."""
        if candidate in self.finals:
            return self.finals[candidate]
        medoid = self.medoids[self.cluster_of[candidate]]
        if medoid not in self.finals:
            return None
        mean, deviation, common = self.finals[medoid]
        return mean, numpy.hypot(deviation, self.spread), common


def interval(final, mass=0.9):
    return numpy.exp(norm.interval(mass, final[0], numpy.hypot(final[1], final[2])))


def beside(finals, favourite):
    """Means, and deviations when what each has in common with the favourite is left out."""
    means, own, common = numpy.array(finals).T
    return means, numpy.hypot(own, common - common[favourite])


def contest(means, deviations, favourite, cells=3000):
    """Each one's probability to be the least of independent normals, and how far the favourite's mean lies above the
    expected least: integrals of a density times tails, and of the product of all tails, on a fine grid."""
    means, deviations = numpy.asarray(means), numpy.asarray(deviations)
    top = (means + 9 * deviations).min()
    # Fine for each of them, as they may be of very different widths.
    edges = numpy.unique(means + deviations * numpy.linspace(-9, 9, cells)[:, None])
    edges = numpy.append(edges[edges < top], top)
    middle, width = (edges[1:] + edges[:-1]) / 2, numpy.diff(edges)
    tails = norm.sf((middle[:, None] - means) / deviations)
    mass = -numpy.diff(norm.sf((edges[:, None] - means) / deviations), axis=0)
    others = numpy.stack([numpy.delete(tails, one, axis=1).prod(axis=1) for one in range(len(means))], axis=1)
    return (mass * others).sum(axis=0), means[favourite] - (edges[0] + (width * tails.prod(axis=1)).sum())
