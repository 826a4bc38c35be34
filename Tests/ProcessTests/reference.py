"""The energy problem computed a second time, from its definition and with nothing of ours: schedules, longest paths,
realised time and energy of a plan, and the lower bound as a linear program for HiGHS."""

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy
from scipy.optimize import linprog
from scipy.sparse import coo_matrix


def usual_spread(options):
    """Robust (time, power) spread that the options of a table usually have, of each a list of (seconds, joules).

    None below 8 options with at least 3 samples.
    """
    median_of_spread = {3: 0.536, 4: 0.671, 5: 0.746, 6: 0.791, 7: 0.828, 8: 0.849, 9: 0.869}
    repeated = [numpy.array(samples) for samples in options if len(samples) >= 3]
    if len(repeated) < 8:
        return None
    spreads = []
    for samples in repeated:
        times, energies = samples.T
        spreads.append([1.4826 * numpy.median(numpy.abs(values / numpy.median(values) - 1))
                        / median_of_spread.get(len(samples), 1 - 1.2 / len(samples))
                        for values in (times, energies / times)])
    return numpy.median(spreads, axis=0)


def is_outlier(samples, options=()):
    """For each of an option's samples (seconds, joules) whether it is too far from the others to be believed.

    `options` are the samples of all options of the table.
    """
    times, energies = numpy.array(samples).T
    far = numpy.zeros(len(samples), bool)
    usual = usual_spread(options)
    if len(samples) >= 3:
        for quantity, values in enumerate((times, energies / times)):
            deviations = numpy.abs(values / numpy.median(values) - 1)
            own = 1.4826 * numpy.median(deviations)
            if usual is None:
                limit = max(5 * 0.005, (5 + 220 / (len(samples) - 2) ** 2) * own)
            else:
                limit = 5 * max(0.005, own, usual[quantity])
            far |= deviations > limit
    return far if 2 * far.sum() < len(samples) else numpy.zeros(len(samples), bool)


def stage_order(schedule, stage, stages, microbatches):
    """The instructions of one stage, in order, as (instruction, microbatch)."""
    warm_up = microbatches if schedule == "gpipe" else min(stages - 1 - stage, microbatches)
    order = [("forward", m) for m in range(warm_up)]
    for m in range(microbatches - warm_up):
        order += [("forward", warm_up + m), ("backward", m)]
    return order + [("backward", m) for m in range(microbatches - warm_up, microbatches)]


def efficient(options, blocking_power):
    """Options that no other beats in time and effective energy, as (seconds, effective joules), fastest first."""
    kept = []
    for seconds, joules in sorted((t, e - blocking_power * t) for t, e in options.values()):
        if not kept or joules < kept[-1][1]:
            kept.append((seconds, joules))
    return kept


def lower_hull(efficient):
    """The corners of the lower convex hull of efficient options."""
    hull = []
    for t, c in efficient:
        while len(hull) > 1 and (hull[-1][1] - hull[-2][1]) * (t - hull[-2][0]) >= (c - hull[-2][1]) * (
            hull[-1][0] - hull[-2][0]
        ):
            hull.pop()
        hull.append((t, c))
    return hull


@dataclass
class Problem:
    """Instructions (table key each), precedences between their indices, option tables, blocking power of all devices
    together (W). `lags` has seconds that must pass on a precedence; `names` maps (stage, instruction, microbatch) to an
    index."""

    keys: list[Any]
    edges: list[Any]
    tables: dict[Any, Any]
    blocking_power: float  # of one device
    devices: int
    names: dict[Any, Any] = field(default_factory=dict)
    lags: dict[Any, float] = field(default_factory=dict)

    def __post_init__(self):
        self.successors, self.predecessors = defaultdict(list), defaultdict(list)
        for a, b in self.edges:
            self.successors[a].append(b)
            self.predecessors[b].append(a)
        waiting = [len(self.predecessors[i]) for i in range(len(self.keys))]
        self.order = [i for i, count in enumerate(waiting) if count == 0]
        for i in self.order:
            for j in self.successors[i]:
                waiting[j] -= 1
                if waiting[j] == 0:
                    self.order.append(j)
        assert len(self.order) == len(self.keys), "the precedences have a cycle"

    def starts(self, durations):
        starts = [0.0] * len(self.keys)
        for i in self.order:
            finish = starts[i] + durations[i]
            for j in self.successors[i]:
                starts[j] = max(starts[j], finish + self.lags.get((i, j), 0.0))
        return starts

    def longest_path(self, durations):
        return max(s + d for s, d in zip(self.starts(durations), durations))

    def realise(self, knobs):
        """(time, energy) of a plan: one knob per instruction, measured figures, waiting at the blocking power."""
        chosen = [self.tables[key][knob] for key, knob in zip(self.keys, knobs)]
        seconds = self.longest_path([t for t, _ in chosen])
        joules = sum(e - self.blocking_power * t for t, e in chosen)
        return seconds, joules + self.blocking_power * self.devices * seconds

    def realise_switching(self, knobs, latency, joules):
        """(time, energy, switches) where a stage's change of knob takes `latency` seconds and `joules` beyond the
        blocking power. A stage with another knob at its end than at its begin changes back, and the iteration ends
        after
        that."""
        stages = defaultdict(list)
        for i, (stage, _) in enumerate(self.keys):
            stages[stage].append(i)
        switched = {(i, j) for order in stages.values() for i, j in itertools.pairwise(order) if knobs[i] != knobs[j]}
        durations = [self.tables[key][knob][0] for key, knob in zip(self.keys, knobs)]
        ends = [0.0] * len(self.keys)
        before = defaultdict(list)
        for i, j in self.edges:
            before[j].append(i)
        for j in self.order:
            ready = [
                ends[i] + max(self.lags.get((i, j), 0.0), latency if (i, j) in switched else 0.0) for i in before[j]
            ]
            ends[j] = max(ready, default=0.0) + durations[j]
        back = [order[-1] for order in stages.values() if knobs[order[-1]] != knobs[order[0]]]
        seconds = max([*ends, *(ends[i] + latency for i in back)])
        count = len(switched) + len(back)
        drawn = sum(self.tables[key][knob][1] for key, knob in zip(self.keys, knobs))
        waiting = self.devices * seconds - sum(durations)
        return seconds, drawn + self.blocking_power * waiting + joules * count, count

    def fastest(self):
        shortest = {key: min(t for t, _ in options.values()) for key, options in self.tables.items()}
        return self.longest_path([shortest[key] for key in self.keys])

    def all_max_frequency(self):
        return self.realise([max(self.tables[key]) for key in self.keys])

    def lower_bound(self, deadline):
        """The least energy at iteration time `deadline` when each instruction may mix its options (a linear program:
        starts, durations, and an effective energy above each segment of the options' lower convex hull)."""
        count, hulls = (
            len(self.keys),
            {key: lower_hull(efficient(options, self.blocking_power)) for key, options in self.tables.items()},
        )
        entries, right = [], []

        def at_most(terms, bound):
            entries.extend((len(right), column, value) for column, value in terms)
            right.append(bound)

        start, duration, cost = 0, count, 2 * count
        for a, b in self.edges:
            at_most([(start + a, 1.0), (duration + a, 1.0), (start + b, -1.0)], -self.lags.get((a, b), 0.0))
        for i, key in enumerate(self.keys):
            at_most([(start + i, 1.0), (duration + i, 1.0)], deadline)
            hull = hulls[key]
            for (t0, c0), (t1, c1) in itertools.pairwise(hull):
                slope = (c1 - c0) / (t1 - t0)
                at_most([(duration + i, slope), (cost + i, -1.0)], slope * t0 - c0)
            if len(hull) == 1:
                at_most([(cost + i, -1.0)], -hull[0][1])
        rows, columns, values = zip(*entries)
        bounds = [(0, None)] * count + [(hulls[k][0][0], hulls[k][-1][0]) for k in self.keys] + [(None, None)] * count
        answer = linprog(
            numpy.concatenate([numpy.zeros(2 * count), numpy.ones(count)]),
            A_ub=coo_matrix((values, (rows, columns)), shape=(len(right), 3 * count)).tocsr(), b_ub=right,
            bounds=bounds, method="highs-ds",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
        assert answer.status == 0, answer.message
        return answer.fun + self.blocking_power * self.devices * deadline


def pipeline(tables, stages, microbatches, blocking_power, schedule="1f1b"):
    """The problem of one training iteration of a pipeline."""
    keys, edges, names = [], [], {}
    for stage in range(stages):
        previous = None
        for instruction, microbatch in stage_order(schedule, stage, stages, microbatches):
            names[stage, instruction, microbatch] = index = len(keys)
            keys.append((stage, instruction))
            if previous is not None:
                edges.append((previous, index))
            previous = index
    for m in range(microbatches):
        for stage in range(stages - 1):
            edges.append((names[stage, "forward", m], names[stage + 1, "forward", m]))
            edges.append((names[stage + 1, "backward", m], names[stage, "backward", m]))
    used = {key: tables[key] for key in set(keys)}
    return Problem(keys, edges, used, blocking_power, stages, names)


def on_curve(points, seconds):
    """The curve's energy at `seconds`, between its breakpoints (time, energy) in any order."""
    times, energies = zip(*sorted(points))
    return float(numpy.interp(seconds, times, energies))
