"""Choices of options and starts as mixed-integer programs for HiGHS (through scipy)."""

import numpy
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix


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
