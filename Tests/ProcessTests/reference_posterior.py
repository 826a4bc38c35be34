"""What is known of final errors, computed a second time from its definition with numpy and scipy, and nothing of ours."""

import numpy
from scipy.stats import norm


def regime(x, y, start, deviations):
    """How many of the largest fractions lie on one line (AtS), and the line: (count, intercept, slope, mean square)."""
    if len(x) < 2:
        return None
    count = min(len(x), max(2, start))
    while True:
        slope, intercept = numpy.polyfit(x[-count:], y[-count:], 1)
        square = numpy.mean((y[-count:] - intercept - slope * x[-count:]) ** 2)
        if count == len(x):
            break
        deviation = max(2e-3, numpy.sqrt(square * count / max(1, count - 2)))
        if abs(y[-count - 1] - intercept - slope * x[-count - 1]) > deviations * deviation:
            break
        count += 1
    return count, intercept, slope, square


class Posterior:
    """Takes observations in the order of their reports; `final(candidate)` is (mean, deviation) of its final log error.

    The common prior is renewed when the observations have grown by more than a tenth since it last was.
    """

    def __init__(self, cluster_of, medoids, start, deviations):
        self.cluster_of, self.medoids, self.start, self.deviations = cluster_of, medoids, start, deviations
        self.curves, self.finals, self.count, self.renewed = {}, {}, 0, 0
        self.slope, self.slope_deviation, self.noise, self.spread = -0.12, 0.08, 0.01, 0.15

    def observe(self, candidate, fraction, error):
        self.curves.setdefault(candidate, {})[fraction] = error
        self.count += 1
        self.read(candidate)
        if self.count - self.renewed > self.renewed // 10:
            self.renewed = self.count
            self.renew()
            for other in self.curves:
                self.read(other)

    def points(self, candidate):
        fractions = sorted(self.curves[candidate])
        return numpy.log(fractions), numpy.log([self.curves[candidate][fraction] for fraction in fractions])

    def renew(self):
        fits = [regime(*self.points(c), self.start, self.deviations) for c in self.curves]
        fits = numpy.array([fit for fit in fits if fit and fit[0] >= 3]).reshape(-1, 4)
        if not len(fits):
            self.slope, self.slope_deviation, self.noise, self.spread = -0.12, 0.08, 0.01, 0.15
            return
        # A belief that counts for three curves.
        count, _, slopes, squares = fits.T
        self.slope = (3 * -0.12 + slopes.sum()) / (3 + len(fits))
        self.slope_deviation = max(0.01, numpy.sqrt((3 * 0.08**2 + ((slopes - self.slope) ** 2).sum()) / (3 + len(fits))))
        freedom = 3 + numpy.maximum(1, count - 2).sum()
        self.noise = max(2e-3, numpy.sqrt((3 * 0.01**2 + (squares * count).sum()) / freedom))
        differences = [self.finals[c][0] - self.finals[self.medoids[self.cluster_of[c]]][0] for c in self.finals
                       if c != self.medoids[self.cluster_of[c]] and self.medoids[self.cluster_of[c]] in self.finals]
        self.spread = numpy.sqrt((3 * 0.15**2 + numpy.square(differences).sum()) / (3 + len(differences)))

    def read(self, candidate):
        x, y = self.points(candidate)
        if x[-1] == 0:
            self.finals[candidate] = y[-1], 1e-9
            return
        fit = regime(x, y, self.start, self.deviations)
        count = fit[0] if fit else 1
        design = numpy.stack([numpy.ones(count), x[-count:]], axis=1)
        # Level without a prior, slope with the common one.
        precision = design.T @ design / self.noise**2 + numpy.diag([0, self.slope_deviation**-2])
        weighted = design.T @ y[-count:] / self.noise**2 + [0, self.slope / self.slope_deviation**2]
        level = numpy.linalg.solve(precision, weighted)[0]
        variance = numpy.linalg.inv(precision)[0, 0] + (0.04 * x[-1]) ** 2
        self.finals[candidate] = level, numpy.sqrt(variance)

    def belief(self, candidate):
        """Its own curve's, or its medoid's with the spread inside clusters; None where neither was seen."""
        if candidate in self.finals:
            return self.finals[candidate]
        medoid = self.medoids[self.cluster_of[candidate]]
        if medoid not in self.finals:
            return None
        mean, deviation = self.finals[medoid]
        return mean, numpy.hypot(deviation, self.spread)


def interval(mean, deviation):
    return numpy.exp(norm.interval(0.9, mean, deviation))


def contest(means, deviations, favourite, cells=20_000):
    """Each one's probability to be the least of independent normals, and how far the favourite's mean lies above the
    expected least: integrals of a density times tails, and of the product of all tails, on a fine grid."""
    means, deviations = numpy.asarray(means), numpy.asarray(deviations)
    top = (means + 9 * deviations).min()
    edges = numpy.linspace((means - 9 * deviations).min(), top, cells + 1)
    middle, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    tails = norm.sf((middle[:, None] - means) / deviations)
    mass = -numpy.diff(norm.sf((edges[:, None] - means) / deviations), axis=0)
    others = numpy.stack([numpy.delete(tails, one, axis=1).prod(axis=1) for one in range(len(means))], axis=1)
    return (mass * others).sum(axis=0), means[favourite] - (edges[0] + width * tails.prod(axis=1).sum())
