"""Proofs that no plan of a deadline is nearer to the bound than some share of it.

With an optimal flow of the bound's linear program as prices, what a plan loses against the bound is a sum of terms,
none negative: the reduced cost of each instruction's option, and each wait at its price: between dependent
instructions, before the first ones and after the last ones. The instructions are parted into windows of some rounds of
the last stage, and each window's least loss alone is computed by HiGHS, over all options and all starts between the
earliest and the latest possible.

A dependency between windows is not kept but paid for: its wait, which may now be negative, costs a multiplier of at
most its price. Whatever the multipliers, the windows' minima add up to no more than any plan loses (Lagrangian
decomposition; Guignard and Kim 1987). So they are chosen to make that sum large, by cutting planes within a box around
the best ones so far, first with small windows, then with larger ones, which keep more dependencies and begin from the
multipliers of the smaller.

What is returned adds HiGHS' own lower bounds on the minima: true up to its tolerances, whether or not it got to the
end. """

import os
from concurrent.futures import ProcessPoolExecutor

import numpy
from mixed import Choice
from reference import lower_hull
from scipy.optimize import linprog
from scipy.sparse import coo_matrix


def prices(problem, tables, deadline):
    """(least energy without waiting, price of each instruction's time, of each dependency's) of the bound, in J and
    J/s."""
    hulls = {key: lower_hull(options) for key, options in tables.items()}
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
    return answer.fun, through, numpy.maximum(flow[:len(problem.edges)], 0)


class Window:
    """The loss of some instructions alone, as a mixed-integer program; its times count from `begin`."""

    def __init__(self, problem, tables, members, deadline, early, late, through, flow, cuts):
        self.choice = choice = Choice(problem, tables, members)
        place = {i: n for n, i in enumerate(choice.members)}
        self.begin = begin = min(early[i] for i in members)
        self.costs, self.low, self.high = numpy.zeros(choice.count), numpy.zeros(choice.count), numpy.ones(choice.count)
        self.constant = 0.0
        for n, i in enumerate(choice.members):
            reduced = [joules + through[i] * t for t, joules in choice.options[n]]
            for option, value in enumerate(reduced):
                self.costs[choice.first[n] + option] = value - min(reduced)
            self.low[n], self.high[n] = early[i] - begin, late[i] - begin - choice.options[n][0][0]
            choice.rows.add(self.end(n), -numpy.inf, late[i] - begin)
            if not problem.predecessors[i]:
                self.costs[n] += through[i]
                self.constant += through[i] * begin
            if not problem.successors[i]:
                for column, value in self.end(n):
                    self.costs[column] -= through[i] * value
                self.constant += through[i] * (deadline - begin)
        for (a, b), price in zip(problem.edges, flow):
            if a in place and b in place:
                wait = [(place[b], 1), *((column, -value) for column, value in self.end(place[a]))]
                choice.rows.add(wait, 0, numpy.inf)
                for column, value in wait:
                    self.costs[column] += price * value
        # The instants that the cut dependencies' multipliers weigh: (cut, terms, sign).
        self.instants = [(cut, [(place[b], 1)], 1) for cut, (_, b) in enumerate(cuts) if b in place]
        self.instants += [(cut, self.end(place[a]), -1) for cut, (a, _) in enumerate(cuts) if a in place]

    def end(self, member):
        return [(member, 1), *self.choice.duration(member, 1)]

    def least(self, multipliers, seconds):
        """(lower bound on the least loss, loss of the best found, its slope by each multiplier)."""
        costs, constant = self.costs.copy(), self.constant
        for cut, terms, sign in self.instants:
            constant += sign * multipliers[cut] * self.begin
            for column, value in terms:
                costs[column] += sign * multipliers[cut] * value
        answer = self.choice.solve(costs, self.low, self.high, seconds)
        if answer.x is None:
            raise SystemExit(
                f"HiGHS found no choice for a window in {seconds} s: {answer.message}; take smaller windows"
            )
        slope = {}
        for cut, terms, sign in self.instants:
            slope[cut] = slope.get(cut, 0.0) + sign * (
                self.begin + sum(value * answer.x[column] for column, value in terms)
            )
        return answer.mip_dual_bound + constant, answer.fun + constant, slope


def say_nothing():
    """HiGHS writes notes to standard output whatever its options; the table is written there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def least(task):
    window, multipliers, seconds = task
    return window.least(multipliers, seconds)


def ascend(windows, multipliers, most, steps, seconds, pool):
    """(largest sum of the windows' least losses that was found, its multipliers).

    The sum is concave in the multipliers; each window's least loss lies under the plane of every answer it gave, and
    the next multipliers are the best by all planes within the box (Kelley 1960). `most` bounds each multiplier from
    above.
    """
    best, box, rows, right = (-numpy.inf, multipliers), 150.0, [], []
    for _ in range(steps):
        answers = list(pool.map(least, [(window, multipliers, seconds) for window in windows]))
        total = sum(low for low, _, _ in answers)
        box *= 1.3 if total > best[0] else 0.7
        if total > best[0]:
            best = total, multipliers
        for n, (_, value, slope) in enumerate(answers):
            rows.append([(n, 1.0), *((len(windows) + cut, -change) for cut, change in slope.items())])
            right.append(value - sum(change * multipliers[cut] for cut, change in slope.items()))
        entries = [(row, column, value) for row, terms in enumerate(rows) for column, value in terms]
        at, columns, values = zip(*entries)
        size = len(windows) + len(multipliers)
        bounds = [(None, None)] * len(windows) + [
            (value - box, min(limit, value + box)) for value, limit in zip(best[1], most)]
        model = linprog(
            numpy.concatenate([-numpy.ones(len(windows)), numpy.zeros(len(multipliers))]),
            A_ub=coo_matrix((values, (at, columns)), shape=(len(rows), size)).tocsr(), b_ub=right, bounds=bounds)
        if model.status:
            raise SystemExit(f"HiGHS could not choose multipliers: {model.message}")
        multipliers = model.x[len(windows):]
    return best


def floor(problem, tables, deadline, stages, first_stage, passes, seconds=60):
    """A share of the bound's energy that every plan which keeps the deadline loses at least.

    `passes` are (rounds in a window, steps of the multipliers), each pass's rounds a multiple of those before.
    Stages before `first_stage` are left out, for which nothing is added.
    """
    energy, through, flow = prices(problem, tables, deadline)
    fastest = [tables[key][0][0] for key in problem.keys]
    early, late = problem.starts(fastest), [deadline] * len(problem.keys)
    for a in reversed(problem.order):
        for b in problem.successors[a]:
            late[a] = min(late[a], late[b] - fastest[b])
    price = dict(zip(problem.edges, flow))
    assert len(price) == len(flow), "a dependency stands twice, so it has two prices"
    chosen, best = {}, 0.0
    with ProcessPoolExecutor(os.cpu_count(), initializer=say_nothing) as pool:
        for rounds, steps in passes:
            window_of = {}
            for (stage, kind, microbatch), i in problem.names.items():
                if stage >= first_stage:
                    # A stage runs its forwards ahead: right after a backward this one is `ahead` microbatches later.
                    ahead = stages - stage if kind == "forward" else 0
                    window_of[i] = max(0, microbatch - ahead) // rounds
            cuts = [(a, b) for a, b in problem.edges
                    if a in window_of and b in window_of and window_of[a] != window_of[b]]
            windows = [Window(problem, tables, [i for i in window_of if window_of[i] == n],
                              deadline, early, late, through, flow, cuts)
                       for n in sorted(set(window_of.values()))]
            lost, multipliers = ascend(windows, numpy.array([chosen.get(cut, 0.0) for cut in cuts]),
                                       [price[cut] for cut in cuts], steps, seconds, pool)
            chosen, best = dict(zip(cuts, multipliers)), max(best, lost)
    return best / (energy + problem.blocking_power * problem.devices * deadline)
