"""What is believed of final errors, computed a second time from its definition with numpy, and nothing of ours.

`Sources/ModelSelection/Posterior/CurveMixture.swift` states the model. The engine filters and keeps tables; here
every expert's rule is a linear system whose mean and covariance are carried from knot to knot with matrices, and who is
best is drawn at random.
"""

import dataclasses
import itertools
import math

import numpy

TRAITS = {
    "persistence": (-0.2, 0.2, 0.55, 0.85),
    "scale": tuple(0.004 * (0.5 / 0.004) ** (k / 7) for k in range(8)),
    "growth": (0.75, 1.0, 1.3),
    "divergence": (0.0, 0.12, 0.35),
    "last": (1.0, 3.0),
    "first": (1.0, 2.5, 6.0),
}
EXPERTS = numpy.array(list(itertools.product(*TRAITS.values())))
FREEDOM, DEVIATION_BOUND, CALM, TEMPER, TEMPER_COUNT = 4.0, 2.5, 0.15, 0.8, 8.0
OWN_BOUND = 2.5
NOISE_VARIANCE, SEEN_DEVIATION, TOLERANCE = 1.6, 1e-9, 0.35
NINETY = 1.6448536269514722
# Noise of evaluations that reports do not state: deviation of the log error -> its probability beforehand.
NOISES = {0.0: 0.4, 0.001: 0.2, 0.002: 0.16, 0.004: 0.12, 0.008: 0.07, 0.016: 0.03, 0.032: 0.015, 0.064: 0.005}
EVALUATION_SHARE = 0.5
# How far first levels lie from the pool's, in deviations -> the probability of that.
DISTANCES = {1.0: 0.998, 10.0: 0.002}
WANDERS, FIRST_SLOPE, LEAST_NOISE, TREND_POINTS = (0.005, 0.015, 0.05, 0.15, 0.5), (-0.07, 0.1), 1e-5, 24
# Of schedules: mean and deviation of the pool's drop, deviation of a candidate's own, and how probable wide ends are.
DROP, OWN_DROP, WIDE = (-0.13, 0.17), 0.09, {"finished": 0.02, "snapshot": 0.62}
# As `Tests/Benchmarks/learn_prior.py` prints it.
LEARNED = [
    [0.1316, 0.1747, 0.2658, 0.4278],
    [0.0644, 0.2316, 0.1216, 0.1374, 0.1653, 0.1383, 0.0787, 0.0627],
    [0.2295, 0.5039, 0.2667],
    [0.5309, 0.2138, 0.2553],
    [0.6667, 0.3333],
    [0.3967, 0.4205, 0.1828],
]


def position(fraction):
    exact = -math.log2(fraction)
    return float(round(exact)) if abs(exact - round(exact)) < 1e-9 else exact


@dataclasses.dataclass
class Curve:
    """A candidate's observations: fraction -> error."""

    errors: dict[float, float]

    def __post_init__(self):
        points = [(position(fraction), math.log(error)) for fraction, error in self.errors.items()]
        points.sort(reverse=True)
        self.positions = numpy.array([p for p, _ in points])
        self.levels = numpy.array([y for _, y in points])
        self.end, self.level = max(0.0, self.positions[-1]), self.levels[-1]
        self.step = self.level - self.value(self.end + 1) if self.positions[0] >= self.end + 1 - TOLERANCE else None
        first, last = math.floor(self.positions[0] + TOLERANCE), max(0, math.ceil(self.end - 1e-9))
        self.knots = {knot: self.value(knot) for knot in range(first, last - 1, -1)}

    def value(self, at):
        """Interpolated; the first and the last segment go on beyond their ends."""
        if len(self.levels) == 1:
            return self.levels[0]
        index = max(1, min(len(self.positions) - 1, int(numpy.sum(self.positions[:-1] >= at))))
        (a, b), (u, v) = self.positions[index - 1:index + 1], self.levels[index - 1:index + 1]
        return u + (v - u) * (a - at) / (a - b)


def trend(curve, noise, mean, deviation):
    """A level and a slope that wanders, seen with noise: for each wander (log likelihood, mean and variance of the last
    level), from the covariance of all points at once; the first level is normal."""
    levels = curve.levels[-TREND_POINTS:]
    times = curve.positions[-TREND_POINTS:][0] - curve.positions[-TREND_POINTS:]
    early, late = numpy.minimum.outer(times, times), numpy.maximum.outer(times, times)
    residuals = levels - mean - FIRST_SLOPE[0] * times
    parts = []
    for wander in WANDERS:
        prior = deviation**2 + FIRST_SLOPE[1] ** 2 * early * late + wander**2 * early**2 * (3 * late - early) / 6
        seen = prior + max(noise, LEAST_NOISE) ** 2 * numpy.eye(len(levels))
        gains = numpy.linalg.solve(seen, prior[-1])
        log = -(residuals @ numpy.linalg.solve(seen, residuals) + numpy.linalg.slogdet(seen)[1]) / 2
        parts.append((log, mean + FIRST_SLOPE[0] * times[-1] + gains @ residuals, prior[-1, -1] - gains @ prior[-1]))
    return parts


def learned_noise(curves):
    """The deviation of one evaluation's log error, by how rough the curves of three points and more are."""
    logs = numpy.log(list(NOISES.values()))
    told = [c for c in curves if len(c.levels) >= 3]
    for curve in told:
        first = curve.levels[-TREND_POINTS:][0]
        logs += [numpy.logaddexp.reduce([log for log, _, _ in trend(curve, noise, first, 1.0)]) for noise in NOISES]
    weights = numpy.exp(logs - logs.max())
    return math.sqrt(EVALUATION_SHARE * weights @ numpy.array(list(NOISES)) ** 2 / weights.sum()) if told else 0.0


def rate(fraction, start):
    """The learning rate over its height, where it falls from a fraction of the data on."""
    return float(numpy.interp(fraction, [start, 1], [1, 0])) if start < 1 else float(fraction < 1)


class Mixture:
    """The experts after some curves were seen; `prior` holds a list of probabilities for each trait. `kind` and
    `decay_start` are what a task says of the points of its curves."""

    def __init__(self, curves, prior, kind=None, decay_start=None):
        self.kind, self.decay_start = kind, decay_start
        if kind in WIDE:
            prior = [*prior[:4], [1 - WIDE[kind], WIDE[kind]], prior[5]]
        self.first = max((max(c.knots) for c in curves if c.knots), default=0)
        self.persistence, self.scale, self.growth, self.divergence, self.last, self.fresh = EXPERTS.T
        begun = [c.knots[self.first] for c in curves if self.first in c.knots]
        self.level = float(numpy.median(begun)) if begun else -1.0
        self.spread = max(1e-3, 1.4826 * float(numpy.median(numpy.abs(numpy.array(begun) - self.level)))) \
            if len(begun) > 2 else 0.3
        count = len(EXPERTS)
        self.steps, self.variances = [numpy.zeros(count)], [numpy.zeros(count)]
        self.courses, self.median_course, self.counts = [numpy.full(count, self.level)], [self.level], [0]
        self.log_likelihood = numpy.zeros(count)
        for knot in range(1, self.first + 1):
            self.fit(knot, curves)
        extended = sum(len(c.knots) >= 2 for c in curves)
        logs = log_prior(prior) + TEMPER * extended / (extended + TEMPER_COUNT) * self.log_likelihood
        weights = numpy.exp(logs - logs.max())
        self.weights = weights / weights.sum()
        self.noise = learned_noise(curves)
        self.curves = curves

    def seen(self, curve):
        """(mean, deviation) of the log error of a curve at all the data."""
        if self.noise == 0:
            return curve.level, SEEN_DEVIATION
        course, deviation = self.course(curve), self.level_deviation()
        parts = [(log + math.log(share), mean, variance) for factor, share in DISTANCES.items()
                 for log, mean, variance in trend(curve, self.noise, course, factor * deviation)]
        logs, means, variances = map(numpy.array, zip(*parts, strict=True))
        shares = numpy.exp(logs - logs.max()) / numpy.exp(logs - logs.max()).sum()
        mean = shares @ means
        return mean, max(SEEN_DEVIATION, math.sqrt(shares @ (variances + (means - mean) ** 2)))

    def course(self, curve):
        """The pool's mean log error where a curve begins."""
        experts, weights = self.kept()
        return sum(share * (weights @ self.courses[knot][experts])
                   for knot, share in self.around(max(0.0, curve.positions[0])))

    def level_deviation(self):
        """The deviation of the true first levels around that: the observed variance less that of the noise."""
        begun = [c for c in self.curves if len(c.levels)]
        if len(begun) < 3:
            return 10.0
        observed = sum((c.levels[0] - self.course(c)) ** 2 for c in begun) / (len(begun) - 1)
        return max(SEEN_DEVIATION, math.sqrt(max(observed - self.noise**2, 0.1 * observed)))

    def calm(self, level, course):
        return math.exp(CALM * min(0.0, max(-1.5, (level - course) / self.spread)))

    def fall(self, knot):
        """How much of the learning rate's fall lies in the step to a knot."""
        if self.kind != "snapshot":
            return float(knot == self.first)
        end = 2.0 ** (knot - self.first)
        starts = [self.decay_start] if self.decay_start is not None else [0, 0.5]
        return float(numpy.mean([rate(end / 2, start) - rate(end, start) for start in starts]))

    def scale_to(self, knot):
        plain = self.scale * self.growth ** (knot - 1)
        own = OWN_DROP * self.fall(knot) if self.kind == "snapshot" else 0
        return numpy.where(self.last > 1, numpy.hypot(plain * (1 + (self.last - 1) * self.fall(knot)), own), plain)

    def own_bound(self, knot):
        return OWN_BOUND * self.scale * self.fresh * self.growth ** max(0, knot - 1)

    def fit(self, knot, curves):
        left = self.first - knot
        members = [c for c in curves if left in c.knots and left + 1 in c.knots]
        before = self.steps[-1] if knot > 1 else numpy.full(len(EXPERTS), -0.07)
        variance = self.variances[-1] + (0.5 * (0.01 + numpy.abs(before))) ** 2 if knot > 1 \
            else numpy.full(len(EXPERTS), 0.1**2)
        if self.kind == "snapshot":
            more = self.fall(knot) - self.fall(knot - 1)
            before, variance = before + DROP[0] * more, variance + (DROP[1] * more) ** 2
        if left == 0:
            variance = variance + numpy.where(self.last > 1, 0.1**2, 0)
        step, posterior, median = before, variance, 0.0
        if members:
            moves = numpy.array([c.knots[left] - c.knots[left + 1] for c in members])
            median = float(numpy.median(moves))
            levels = numpy.array([c.knots[left + 1] for c in members])
            bound = DEVIATION_BOUND * self.spread
            fresh = numpy.array([left + 2 not in c.knots for c in members])
            lasts = numpy.array([0 if f else c.knots[left + 1] - c.knots[left + 2] for c, f in zip(members, fresh)])
            limit = self.own_bound(knot - 1)
            own = numpy.where(fresh[:, None], 0, numpy.clip(lasts[:, None] - self.steps[-1], -limit, limit))
            deviations = numpy.clip(levels[:, None] - self.courses[-1], -bound, bound)
            expected = self.persistence * own + self.divergence * deviations
            residuals = moves[:, None] - expected
            calm = numpy.array([self.calm(level, self.median_course[-1]) for level in levels])
            scale = self.scale_to(knot) * calm[:, None] * numpy.where(fresh[:, None], self.fresh, 1)
            step = median - expected.mean(0)
            for _ in range(3):
                weight = (FREEDOM + 1) / (FREEDOM + ((residuals - step) / scale) ** 2) / scale**2
                step = ((weight * residuals).sum(0) + before / variance) / (weight.sum(0) + 1 / variance)
            posterior = 1 / (weight.sum(0) + 1 / variance)
            student = -numpy.log(scale) - (FREEDOM + 1) / 2 * numpy.log1p(((residuals - step) / scale) ** 2 / FREEDOM)
            self.log_likelihood = self.log_likelihood + student.sum(0) - (step - before) ** 2 / (2 * variance) \
                + 0.5 * numpy.log(posterior / variance)
        self.counts.append(len(members))
        self.steps.append(step)
        self.variances.append(posterior)
        self.courses.append(self.courses[-1] + step)
        self.median_course.append(self.median_course[-1] + median)

    def kept(self):
        """The experts that count, and their weights."""
        order = sorted((e for e in range(len(EXPERTS)) if self.weights[e] >= 1e-4 * self.weights.max()),
                       key=lambda e: (-self.weights[e], e))[:64]
        weights = self.weights[order]
        return order, weights / weights.sum()

    def rest(self, expert, knot):
        """(what own, dev and 1 add to the final log error from a knot on, variance of the noise, variance if fresh)."""
        rho, beta = self.persistence[expert], self.divergence[expert]
        # State: own, dev, what was added so far.
        move = numpy.array([[rho, beta, 0], [rho, 1 + beta, 0], [rho, beta, 1]])
        state, covariance, fresh, shared = numpy.eye(3), numpy.zeros((3, 3)), numpy.zeros((3, 3)), 0.0
        for step in range(knot + 1, self.first + 1):
            noise = numpy.ones((3, 3)) * self.scale_to(step)[expert] ** 2
            state = move @ state
            covariance = move @ covariance @ move.T + noise
            fresh = move @ fresh @ move.T + noise * (self.fresh[expert] ** 2 if step == knot + 1 else 1)
            shared += self.steps[step][expert]
        return (state[2, 0], state[2, 1], shared), NOISE_VARIANCE * covariance[2, 2], NOISE_VARIANCE * fresh[2, 2]

    def shared_variance(self, knot, expert):
        """Of the sum of the shared steps after a knot: each is a sum of independent parts."""
        seen = max((k for k, n in enumerate(self.counts) if n), default=0)
        parts = numpy.zeros((self.first + 1, self.first + 1))
        for step in range(1, self.first + 1):
            if step <= seen:
                parts[step, step] = math.sqrt(self.variances[step][expert])
            else:
                parts[step] = parts[step - 1]
                parts[step, step] = math.sqrt(max(0, self.variances[step][expert] - self.variances[step - 1][expert]))
        return float((parts[knot + 1:].sum(0) ** 2).sum())

    def around(self, end):
        if self.kind == "snapshot" and 0 < end < 1:
            starts = [self.decay_start] if self.decay_start is not None else [0, 0.75]
            end = max(end, float(numpy.mean([rate(2**-end, start) / rate(0.5, start) for start in starts])))
        knot = min(self.first, max(0.0, self.first - end))
        low = math.floor(knot)
        return [(low, 1 - (knot - low)), (min(self.first, low + 1), knot - low)]

    def final(self, curve):
        """(mean, own deviation, common deviation) of the final log error."""
        if curve.end == 0:
            return *self.seen(curve), 0.0
        experts, weights = self.kept()
        around = [(knot, share) for knot, share in self.around(curve.end) if share > 0]
        course = sum(share * (weights @ self.courses[knot][experts]) for knot, share in around)
        bound = DEVIATION_BOUND * self.spread
        deviation = min(bound, max(-bound, curve.level - course))
        calm = self.calm(curve.level, sum(share * self.median_course[knot] for knot, share in around))
        changes = numpy.zeros(len(experts))
        noise = common = shared = 0.0
        for knot, share in around:
            rests = [self.rest(e, knot) for e in experts]
            own, dev, moved = numpy.array([r[0] for r in rests]).T
            values = moved + dev * deviation
            if curve.step is not None:
                limit = self.own_bound(knot)[experts]
                values = values + own * numpy.clip(curve.step - self.steps[knot][experts], -limit, limit)
            changes = changes + share * values
            spread = weights @ (moved - weights @ moved) ** 2
            common += share * spread
            shared += share * (weights @ numpy.array([self.shared_variance(knot, e) for e in experts]))
            noise += share * (weights @ numpy.array([r[1] if curve.step is not None else r[2] for r in rests]))
        mean = weights @ changes
        own = max(0.0, weights @ (changes - mean) ** 2 - common) + calm**2 * noise
        return curve.level + mean, max(SEEN_DEVIATION, math.sqrt(own)), math.sqrt(common + shared)

    def draw(self, curves, count, generator):
        """Final log errors of all curves together, one row a draw."""
        experts, weights = self.kept()
        chosen = generator.choice(len(experts), count, p=weights)
        out = numpy.empty((count, len(curves)))
        seen = max((k for k, n in enumerate(self.counts) if n), default=0)
        shifts = numpy.zeros((count, self.first + 1))
        every = numpy.array(experts)[chosen]
        for step in range(1, self.first + 1):
            normal = generator.standard_normal(count)
            if step <= seen:
                shifts[:, step] = numpy.sqrt(self.variances[step][every]) * normal
            else:
                more = numpy.sqrt(numpy.maximum(0, self.variances[step][every] - self.variances[step - 1][every]))
                shifts[:, step] = shifts[:, step - 1] + more * normal
        after = numpy.stack([shifts[:, knot + 1:].sum(1) for knot in range(self.first + 1)], axis=1)
        bound = DEVIATION_BOUND * self.spread
        for index, curve in enumerate(curves):
            if curve.end == 0:
                mean, deviation = self.seen(curve)
                out[:, index] = mean + deviation * generator.standard_normal(count)
                continue
            around = [(knot, share) for knot, share in self.around(curve.end) if share > 0]
            calm = self.calm(curve.level, sum(share * self.median_course[knot] for knot, share in around))
            mean, variance, shift = numpy.zeros(len(experts)), numpy.zeros(len(experts)), numpy.zeros(count)
            course = sum(share * (weights @ self.courses[knot][experts]) for knot, share in around)
            deviation = numpy.clip(curve.level - course, -bound, bound)
            for knot, share in around:
                rests = [self.rest(e, knot) for e in experts]
                own, dev, moved = numpy.array([r[0] for r in rests]).T
                values = moved + dev * deviation
                if curve.step is not None:
                    limit = self.own_bound(knot)[experts]
                    values = values + own * numpy.clip(curve.step - self.steps[knot][experts], -limit, limit)
                mean += share * values
                variance += share * numpy.array([r[1] if curve.step is not None else r[2] for r in rests])
                shift += share * after[:, knot]
            out[:, index] = curve.level + mean[chosen] + calm * numpy.sqrt(variance[chosen]) \
                * generator.standard_normal(count) + shift
        return out


def log_prior(prior):
    """The logarithm of each expert's weight beforehand."""
    places = list(itertools.product(*[range(len(values)) for values in TRAITS.values()]))
    logs = [numpy.log(numpy.array(p) / numpy.sum(p)) for p in prior]
    return numpy.array([sum(log[place] for log, place in zip(logs, expert)) for expert in places])


def uniform():
    return [[1 / len(values)] * len(values) for values in TRAITS.values()]


def interval(final):
    mean, own, common = final
    half = NINETY * math.hypot(own, common)
    return math.exp(mean - half), math.exp(mean + half)
