"""The energy problem computed a second time, from its definition and with nothing of ours: schedules, longest paths,
realised time and energy of a plan, and the lower bound as a linear program for HiGHS."""

import csv
from collections import defaultdict
from dataclasses import dataclass, field

import numpy
from scipy.optimize import linprog
from scipy.sparse import coo_matrix


def read_profile(path):
    """(stage, instruction) -> {knob: (seconds, joules)}."""
    tables = defaultdict(dict)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            key = int(row["stage"]), row["instruction"]
            tables[key][int(row["frequency"])] = float(row["time"]), float(row["energy"])
    return dict(tables)


def stage_order(schedule, stage, stages, microbatches):
    """The instructions of one stage, in order, as (instruction, microbatch)."""
    warm_up = microbatches if schedule == "gpipe" else min(stages - 1 - stage, microbatches)
    order = [("forward", m) for m in range(warm_up)]
    for m in range(microbatches - warm_up):
        order += [("forward", warm_up + m), ("backward", m)]
    return order + [("backward", m) for m in range(microbatches - warm_up, microbatches)]


@dataclass
class Problem:
    """Instructions (table key each), precedences between their indices, option tables, blocking power of all devices
    together (W). `lags` has seconds that must pass on a precedence; `names` maps (stage, instruction, microbatch) to an index."""

    keys: list
    edges: list
    tables: dict
    blocking_power: float  # of one device
    devices: int
    names: dict = field(default_factory=dict)
    lags: dict = field(default_factory=dict)

    def __post_init__(self):
        self.successors = defaultdict(list)
        waiting = [0] * len(self.keys)
        for a, b in self.edges:
            self.successors[a].append(b)
            waiting[b] += 1
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

    def fastest(self):
        shortest = {key: min(t for t, _ in options.values()) for key, options in self.tables.items()}
        return self.longest_path([shortest[key] for key in self.keys])

    def all_max_frequency(self):
        return self.realise([max(self.tables[key]) for key in self.keys])

    def lower_bound(self, deadline):
        """The least energy at iteration time `deadline` when each instruction may mix its options (a linear program:
        starts, durations, and an effective energy above each segment of the options' lower convex hull)."""
        count, hulls = len(self.keys), {key: self._hull(key) for key in self.tables}
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
            for (t0, c0), (t1, c1) in zip(hull, hull[1:]):
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

    def _hull(self, key):
        """Lower convex hull, fastest first, of the options no other is at least as fast and as cheap as."""
        points = sorted((t, e - self.blocking_power * t) for t, e in self.tables[key].values())
        hull = []
        for t, c in points:
            if hull and c >= hull[-1][1]:
                continue
            while len(hull) >= 2 and (hull[-1][1] - hull[-2][1]) * (t - hull[-2][0]) >= \
                    (c - hull[-2][1]) * (hull[-1][0] - hull[-2][0]):
                hull.pop()
            hull.append((t, c))
        return hull


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
