"""How near to the best plan there is: a mixed-integer solver's plans beside ours, and proofs that no plan is nearer to the bound.

*Plans.* HiGHS (through scipy) gets the whole problem at 12 microbatches, 60 s for each of 13 deadlines.

*Floors.* With an optimal flow of the bound's linear program as prices, what a plan loses against the bound is a sum of terms, none
negative: reduced costs of its options, and its waits at their prices. So the instructions are parted into windows of some rounds
of the last stage, some stages high, and the least loss of each window alone is computed, over all options and all starts between
the earliest and the latest possible. The sum of these minima (of HiGHS' lower bounds on them) is a floor under the loss of
every plan that keeps the deadline.
"""

import json
import sys
from pathlib import Path

import numpy
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_matrix

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ProcessTests"))

import reference  # noqa: E402

RECORDED = HERE / "recorded-optimum.jsonl"
PROFILES = {"a100": ("GPT-3 A100", "gpt3-175b_a100-sxm.csv", 83.64), "a40": ("GPT-3 A40", "gpt3-175b_a40.csv", 70.38)}
STAGES = 8
# Deadlines, of 64 from the fastest to the cheapest.
DEADLINES = (0, 3, 6, 9, 14, 20, 26, 32, 38, 44, 50, 57, 63)
MIP_SECONDS = 60
ROUNDS = 16
# (microbatches, deadline of 64, rounds in a window, stages from): small windows prove less and are solved sooner.
FLOORS = ((12, 0, 6, 2), (48, 0, 10, 2), (48, 32, 4, 2))


def efficient(options, blocking_power):
    """Options that no other beats in time and effective energy, as (seconds, effective joules), fastest first."""
    kept = []
    for seconds, joules in sorted((t, e - blocking_power * t) for t, e in options.values()):
        if not kept or joules < kept[-1][1]:
            kept.append((seconds, joules))
    return kept


class Rows:
    """A sparse system of `low <= terms <= high`."""

    def __init__(self):
        self.entries, self.low, self.high = [], [], []

    def add(self, terms, low, high):
        self.entries += [(len(self.low), column, value) for column, value in terms]
        self.low.append(low)
        self.high.append(high)

    def constraint(self, columns):
        rows, places, values = zip(*self.entries)
        matrix = coo_matrix((values, (rows, places)), shape=(len(self.low), columns)).tocsr()
        return LinearConstraint(matrix, self.low, self.high)


class Choice:
    """Variables: a start for each instruction in `members`, then one for each of its options, which add up to 1."""

    def __init__(self, problem, tables, members):
        self.problem, self.members = problem, list(members)
        self.options = [tables[problem.keys[i]] for i in self.members]
        self.first, self.rows, self.count = [], Rows(), len(self.members)
        for options in self.options:
            self.first.append(self.count)
            self.count += len(options)
            self.rows.add([(self.first[-1] + n, 1) for n in range(len(options))], 1, 1)

    def duration(self, member, factor):
        return [(self.first[member] + n, factor * seconds) for n, (seconds, _) in enumerate(self.options[member])]

    def chosen(self, values):
        return [int(numpy.argmax(values[first:first + len(options)]))
                for first, options in zip(self.first, self.options)]

    def solve(self, costs, low, high, seconds):
        integral = numpy.ones(self.count)
        integral[:len(self.members)] = 0
        return milp(costs, constraints=self.rows.constraint(self.count), integrality=integral, bounds=Bounds(low, high),
                    options={"time_limit": seconds, "mip_rel_gap": 0})


def best_plan(problem, tables, deadline, seconds):
    """(realised time, energy without waiting, lower bound on it) of HiGHS' plan for the whole problem."""
    everything = range(len(problem.keys))
    choice = Choice(problem, tables, everything)
    costs, low, high = numpy.zeros(choice.count), numpy.zeros(choice.count), numpy.ones(choice.count)
    high[:len(problem.keys)] = deadline
    for i, options in enumerate(choice.options):
        for n, (_, joules) in enumerate(options):
            costs[choice.first[i] + n] = joules
    for a, b in problem.edges:
        choice.rows.add([(b, 1), (a, -1), *choice.duration(a, -1)], 0, numpy.inf)
    for a in everything:
        if not problem.successors[a]:
            choice.rows.add([(a, 1), *choice.duration(a, 1)], -numpy.inf, deadline)
    answer = choice.solve(costs, low, high, seconds)
    if answer.x is None:
        return None, None, answer.mip_dual_bound
    chosen = [choice.options[i][n] for i, n in enumerate(choice.chosen(answer.x))]
    time = problem.longest_path([t for t, _ in chosen])
    return time, sum(e for _, e in chosen), answer.mip_dual_bound


def prices(problem, tables, deadline):
    """(least energy without waiting, price of each instruction's time, of each dependency's) of the bound."""
    def hull(options):
        kept = []
        for t, c in options:
            while len(kept) > 1 and ((kept[-1][1] - kept[-2][1]) * (t - kept[-2][0])
                                     >= (c - kept[-2][1]) * (kept[-1][0] - kept[-2][0])):
                kept.pop()
            kept.append((t, c))
        return kept

    hulls = {key: hull(options) for key, options in tables.items()}
    choice = Choice(problem, hulls, range(len(problem.keys)))
    entries, right = [], []
    sinks = [i for i in range(len(problem.keys)) if not problem.successors[i]]
    for a, b in problem.edges:
        entries += [(len(right), column, value) for column, value in [(a, 1), (b, -1), *choice.duration(a, 1)]]
        right.append(0)
    for a in sinks:
        entries += [(len(right), column, value) for column, value in [(a, 1), *choice.duration(a, 1)]]
        right.append(deadline)
    costs = numpy.zeros(choice.count)
    for i, options in enumerate(choice.options):
        for n, (_, joules) in enumerate(options):
            costs[choice.first[i] + n] = joules
    rows, columns, values = zip(*entries)
    sums = choice.rows.constraint(choice.count)
    answer = linprog(
        costs, A_ub=coo_matrix((values, (rows, columns)), shape=(len(right), choice.count)).tocsr(), b_ub=right,
        A_eq=sums.A, b_eq=sums.lb, bounds=[(0, None)] * choice.count, method="highs-ds")
    if answer.status:
        raise SystemExit(f"HiGHS could not solve the bound: {answer.message}")
    flow = -answer.ineqlin.marginals
    through = numpy.zeros(len(problem.keys))
    for price, a in zip(flow, [a for a, _ in problem.edges] + sinks):
        through[a] += price
    return answer.fun, through, flow[:len(problem.edges)]


def least_loss(problem, tables, members, early, late, through, flow, seconds):
    """A lower bound on what a plan loses in the window `members`."""
    choice = Choice(problem, tables, members)
    place = {i: n for n, i in enumerate(choice.members)}
    costs, low, high = numpy.zeros(choice.count), numpy.zeros(choice.count), numpy.ones(choice.count)
    begin = min(early[i] for i in members)
    for n, i in enumerate(choice.members):
        reduced = [joules + through[i] * t for t, joules in choice.options[n]]
        for option, value in enumerate(reduced):
            costs[choice.first[n] + option] = value - min(reduced)
        low[n], high[n] = early[i] - begin, late[i] - begin - choice.options[n][0][0]
        choice.rows.add([(n, 1), *choice.duration(n, 1)], -numpy.inf, late[i] - begin)
    for (a, b), price in zip(problem.edges, flow):
        if a in place and b in place:
            wait = [(place[b], 1), (place[a], -1), *choice.duration(place[a], -1)]
            choice.rows.add(wait, 0, numpy.inf)
            for column, value in wait:
                costs[column] += price * value
    # Windows alike but for rounding, as rounds of a steady state are, are solved once.
    system = choice.rows.constraint(choice.count)
    known = tuple(numpy.round(numpy.concatenate([costs, low, high, system.A.data, system.lb, system.ub]), 6))
    if known not in least_loss.solved:
        least_loss.solved[known] = max(0.0, choice.solve(costs, low, high, seconds).mip_dual_bound or 0.0)
    return least_loss.solved[known]


least_loss.solved = {}


def floor(problem, tables, deadline, rounds, first_stage, seconds=600):
    """A share of the bound's energy that every plan which keeps the deadline loses at least."""
    energy, through, flow = prices(problem, tables, deadline)
    fastest = [tables[key][0][0] for key in problem.keys]
    early, late = problem.starts(fastest), [deadline] * len(problem.keys)
    for a in reversed(problem.order):
        for b in problem.successors[a]:
            late[a] = min(late[a], late[b] - fastest[b])
    windows = {}
    for (stage, kind, microbatch), i in problem.names.items():
        if stage >= first_stage:
            # A stage runs the forward so many microbatches ahead right after a backward.
            ahead = STAGES - stage if kind == "forward" else 0
            windows.setdefault(max(0, microbatch - ahead) // rounds, []).append(i)
    lost = sum(least_loss(problem, tables, members, early, late, through, flow, seconds)
               for _, members in sorted(windows.items()))
    return lost / (energy + problem.blocking_power * problem.devices * deadline)


def measure(report, run, binary, data, full):
    """`run(command)` gives (CPU seconds, document) of a command that prints one JSON document."""
    recorded = [json.loads(line) for line in RECORDED.read_text().splitlines()] if RECORDED.exists() else []
    fresh = []
    for gpu, (name, file, power) in PROFILES.items():
        if not (data / file).exists():
            continue

        def ours(microbatches, *options):
            return run([binary, "frontier", data / file, "--stages", STAGES, "--microbatches", microbatches,
                        "--blocking-power", power, "--json", *options])

        def problem(microbatches):
            read = reference.pipeline(reference.read_profile(data / file), STAGES, microbatches, power)
            return read, {key: efficient(options, power) for key, options in read.tables.items()}

        def deadline(document, index):
            first, last = document["minimumTimeSeconds"], document["cheapestTimeSeconds"]
            return (first + (last - first) * index / 63) * (1 + 1e-10)

        seconds, document = ours(12, "--rounds", ROUNDS)
        theirs = {r["deadline"]: r for r in recorded if r["kind"] == "plan" and r["gpu"] == gpu}
        if full:
            theirs = {}
            for index in DEADLINES:
                time, joules, least = best_plan(*problem(12), deadline(document, index), MIP_SECONDS)
                waiting = power * STAGES
                theirs[index] = {
                    "kind": "plan", "gpu": gpu, "deadline": index, "solverSeconds": MIP_SECONDS,
                    "energyJoules": None if time is None else joules + waiting * time,
                    "leastJoules": least + waiting * deadline(document, index)}
            fresh += theirs.values()
        if theirs:
            compare(report, f"{name}, 12 microbatches", document, theirs, deadline, seconds)
        for microbatches, index, rounds, stage in FLOORS if gpu == "a40" else ():
            same = {"kind": "floor", "gpu": gpu, "microbatches": microbatches, "deadline": index,
                    "roundsInWindow": rounds, "firstStage": stage}
            known = [r for r in recorded if same.items() <= r.items()]
            _, document = ours(microbatches)
            if full:
                share = floor(*problem(microbatches), deadline(document, index), rounds, stage)
                known = [{**same, "floorFraction": share}]
                fresh += known
            if known:
                gap = at(document, deadline(document, index)) / bound(document, deadline(document, index)) - 1
                report.add(f"every plan's gap, {name}, {microbatches} microbatches, deadline {index} of 64",
                           100 * known[0]["floorFraction"], "%", note=f"at least; ours {100 * gap:.3f} %")
    if fresh:
        RECORDED.write_text("".join(json.dumps(r) + "\n" for r in fresh))


def compare(report, name, document, theirs, deadline, seconds):
    above = []
    for index, record in sorted(theirs.items()):
        limit = deadline(document, index)
        ours = at(document, limit)
        least = bound(document, limit)
        if record["energyJoules"] is None:
            continue
        above.append((ours - record["energyJoules"]) / least)
    report.add(f"deadlines where HiGHS finds a cheaper plan, {name}", sum(share > 1e-12 for share in above),
               f"of {len(above)}", aim="0",
               note=f"{MIP_SECONDS} s for each of theirs, {seconds:.1f} CPU s for all of ours; "
                    f"ours draws {abs(100 * max(above)):.3f} to {-100 * min(above):.3f} % less")


def at(document, seconds):
    """Energy of our cheapest plan that lasts at most so long."""
    return min(p["energyJoules"] for p in document["plans"] if p["iterationTimeSeconds"] <= seconds)


def bound(document, seconds):
    points = sorted((p["iterationTimeSeconds"], p["energyJoules"]) for p in document["lowerBound"])
    return float(numpy.interp(seconds, *zip(*points)))
