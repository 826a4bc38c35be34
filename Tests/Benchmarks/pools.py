"""Pools of recorded learning curves, in their own and other orders of their candidates, and two baselines that cost
nothing to write: everybody to the largest fraction that the budget pays for, then the least error (i-Epoch, Egele et
al. 2024), and successive halving that starts as high as its budget allows.

A budget is a part of what training every candidate on all data costs. A ranking lists candidates, the best first.
"""

import csv
import math
import random


class Curves:
    """Candidates' errors at rising fractions of the data, the last of which is 1, and what each costs of the grid."""

    def __init__(self, fractions, errors, weights):
        self.fractions, self.errors, self.finals = fractions, errors, [row[-1] for row in errors]
        self.costs = [weight / sum(weights) for weight in weights]

    def regret(self, candidate):
        """The candidate's final error over the least one, less 1; at most 1."""
        return min(1.0, max(1e-6, self.finals[candidate]) / max(1e-6, min(self.finals)) - 1)

    def everybody(self, budget):
        """The ranking by the errors at the largest fraction that the budget pays for; None where it pays for none."""
        level = max((k for k, fraction in enumerate(self.fractions) if fraction <= budget), default=None)
        if level is None:
            return None
        return sorted(range(len(self.errors)), key=lambda candidate: self.errors[candidate][level])

    def fitted_start(self, budget):
        """The highest level from which all halvings can be paid for; 0 where there is none."""
        f = self.fractions

        def cost(start):
            return f[start] + sum(0.5**j * (f[start + j] - f[start + j - 1]) for j in range(1, len(f) - start))

        return max((k for k in range(len(f)) if cost(k) <= budget), default=0)

    def halving(self, budget):
        """The ranking after halving from the fitted start, by how far a candidate came and then by its last error; None
        where not everybody can be trained to the start."""
        f, level = self.fractions, self.fitted_start(budget)
        if f[level] > budget:
            return None
        spent, alive = f[level], list(range(len(self.errors)))
        reached = [level] * len(self.errors)
        while level < len(f) - 1 and len(alive) > 1:
            half, alive = sorted(alive, key=lambda i: self.errors[i][level])[:(len(alive) + 1) // 2], []
            for candidate in half:
                step = self.costs[candidate] * (f[level + 1] - f[level])
                if spent + step <= budget * (1 + 1e-9):
                    spent += step
                    alive.append(candidate)
                    reached[candidate] = level + 1
            level += 1
        return sorted(range(len(reached)), key=lambda i: (-reached[i], self.errors[i][reached[i]]))


class Pool(Curves):
    """The curves of a table, on the fractions 1, 1/2, 1/4, ... as far down as there are columns near them."""

    def __init__(self, path, rows=None):
        if rows is None:
            with open(path, newline="") as file:
                rows = list(csv.DictReader(file))
        self.path, self.rows = path, rows
        columns = sorted(int(name) for name in rows[0] if name.isdigit() and int(name) > 0)
        kept = [columns[-1]]
        while kept[0] > columns[0]:
            near = min((column for column in columns if column < kept[0]),
                       key=lambda column: abs(math.log(2 * column / kept[0])))
            if abs(math.log(2 * near / kept[0])) > 0.3:
                break
            kept.insert(0, near)
        super().__init__([column / columns[-1] for column in kept],
                         [[float(row[str(column)]) for column in kept] for row in rows],
                         [float(row["size"]) for row in rows])

    def order(self, number):
        """A permutation of the candidates, always the same for a number; 0 is the table's own order."""
        places = list(range(len(self.rows)))
        if number:
            random.Random(f"{self.path.stem} {number}").shuffle(places)
        return places

    def in_order(self, number):
        """The same curves with the candidates in that order."""
        return Pool(self.path, [self.rows[place] for place in self.order(number)])

    def write(self, path):
        """Writes the curves for `trimtab select --curves` and returns the candidates' names there: these go by their
        places, so that no tie is broken by what a candidate is called."""
        names = [f"c{place:03}" for place in range(len(self.rows))]
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, dict.fromkeys([*self.rows[0], "family"]))
            writer.writeheader()
            writer.writerows({**row, "config name": name, "family": row.get("family") or name}
                             for name, row in zip(names, self.rows, strict=True))
        return names
