"""What a search's suggestion is worth on recorded learning curves, and whether its certainty holds.

Each pool of each corpus is replayed through `trimtab select --curves` at several budgets, beside two baselines that
cost nothing to write: everybody to the largest fraction that the budget pays for, then the least error (i-Epoch, Egele
et al. 2024), and successive halving that starts as high as its budget allows. A regret is the suggestion's final error
over the least one, less 1, at most 100 %. Corpora lie below `learning-curves/` of the measured data; `language` is
`finetune-scaling/`. The belief is the one that ships: its weights were learned on these corpora. Each is compared with
the race pool by pool; a baseline is better where the interval of the paired difference lies above 0.
"""

import csv
import json
import math
import statistics
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

from certainty_statistics import QUANTILES, Tally, bootstrap, regret_picture, reliability_picture
from harness import MEASURED, REPOSITORY

CORPORA = {"lcdb-accuracy": "learning-curves/lcdb-accuracy", "lcdb-logloss": "learning-curves/lcdb-logloss",
           "openclip": "learning-curves/openclip", "language": "finetune-scaling"}
BUDGETS = [Fraction(1, 30), Fraction(1, 15), Fraction(1, 10), Fraction(1, 5), Fraction(1, 3)]
STRATEGIES = ("race", "successiveHalving")
# Fewer pools are reported singly: resampling them says nothing.
FEWEST_POOLS = 10
FULL_STRATEGIES = (*STRATEGIES, "mordal", "hyperband", "asha", "ats", "random")


class Curves:
    """Candidates' errors at rising fractions of the data, the last of which is 1, and what each costs of the grid."""

    def __init__(self, fractions, errors, weights):
        self.fractions, self.errors, self.finals = fractions, errors, [row[-1] for row in errors]
        self.costs = [weight / sum(weights) for weight in weights]

    def regret(self, candidate):
        return min(1.0, max(1e-6, self.finals[candidate]) / max(1e-6, min(self.finals)) - 1)

    def everybody(self, budget):
        """Everybody to the largest fraction that the budget pays for; the candidate with the least error there."""
        level = max((k for k, fraction in enumerate(self.fractions) if fraction <= budget), default=None)
        if level is None:
            return None
        return min(range(len(self.errors)), key=lambda candidate: self.errors[candidate][level])

    def halving(self, budget):
        """Halving from the highest level from which all halvings can be paid for."""
        f = self.fractions

        def cost(start):
            return f[start] + sum(0.5**j * (f[start + j] - f[start + j - 1]) for j in range(1, len(f) - start))

        start = max((k for k in range(len(f)) if cost(k) <= budget), default=0)
        if f[start] > budget:
            return None
        spent, level, alive = f[start], start, list(range(len(self.errors)))
        pick = min(alive, key=lambda candidate: self.errors[candidate][level])
        while level < len(f) - 1 and len(alive) > 1:
            half, alive = sorted(alive, key=lambda i: self.errors[i][level])[:(len(alive) + 1) // 2], []
            for candidate in half:
                step = self.costs[candidate] * (f[level + 1] - f[level])
                if spent + step <= budget * (1 + 1e-9):
                    spent += step
                    alive.append(candidate)
            if not alive:
                break
            level += 1
            pick = min(alive, key=lambda candidate: self.errors[candidate][level])
        return pick


class Pool(Curves):
    """The curves of a table, on the fractions 1, 1/2, 1/4, ... as far down as there are columns near them."""

    def __init__(self, path):
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        self.path, self.names = path, [row["config name"] for row in rows]
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


def searched(binary, pool, strategy, budget):
    """The suggested candidate, and what the search says of its certainty."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "pool.csv"
        named = [f"c{number}" for number in range(len(pool.names))]
        with open(pool.path, newline="") as file:
            rows = list(csv.DictReader(file))
        for name, row in zip(named, rows, strict=True):
            row["config name"] = name
            row["family"] = row.get("family") or name
        with open(table, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        command = [binary, "select", "--curves", table, "--strategy", strategy, "--budget", str(float(budget)),
                   "--json"]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return named.index(told["suggestion"]), told, named


def measure(report, binary, full=False):
    """With `full` more strategies; pictures go to `out/`."""
    strategies = FULL_STRATEGIES if full else STRATEGIES
    tallies, curves = {}, {}
    for corpus, folder in CORPORA.items():
        paths = sorted((MEASURED.parent / folder).glob("*.csv"))
        pools = [Pool(path) for path in paths]
        for budget in BUDGETS:
            usable = [pool for pool in pools if pool.fractions[0] <= budget]
            if not usable:
                continue
            regrets, said = {}, {}
            for name in ("everybody", "halving"):
                regrets[name] = [pool.regret(getattr(pool, name)(budget)) for pool in usable]
            for strategy in strategies:
                said[strategy] = Tally()
                regrets[strategy] = replay(binary, usable, strategy, budget, said[strategy])
            for name, values in regrets.items():
                note = notes(said[name]) if name in said else ""
                if len(usable) < FEWEST_POOLS:
                    each = [f"{pool.path.stem} {100 * regret:.2f}" for pool, regret in zip(usable, values, strict=True)]
                    note = "; ".join(filter(None, [note, ", ".join(each)]))
                add(report, corpus, budget, name, values, note)
                line = curves.setdefault(corpus, {}).setdefault(name, [])
                line.append((float(budget), 100 * statistics.mean(values)))
                if name != "race" and len(usable) >= FEWEST_POOLS:
                    compare(report, corpus, budget, name, regrets["race"], values)
            tallies.setdefault(corpus, Tally()).add(said["race"])
        if corpus in tallies:
            report_reliability(report, corpus, tallies[corpus])
    if tallies:
        pictures = REPOSITORY / "out"
        pictures.mkdir(exist_ok=True)
        (pictures / "certainty-reliability.svg").write_text(reliability_picture(tallies))
        (pictures / "certainty-regret.svg").write_text(regret_picture(curves))


def replay(binary, pools, strategy, budget, tally):
    """The regrets; what was said goes into the tally."""
    regrets = []
    for pool in pools:
        pick, told, named = searched(binary, pool, strategy, budget)
        regrets.append(pool.regret(pick))
        tally.take(told, dict(zip(named, pool.finals, strict=True)), regrets[-1])
    return regrets


def notes(tally):
    sure = [is_best for chance, is_best in tally.suggested if chance > 0.9]
    text = (f"stated {100 * statistics.mean(tally.stated):.1f} %, P > .9 right in {sum(sure)} of {len(sure)}, "
            "intervals of unfinished: ")
    if not tally.pools:
        return text + "none"
    return text + ", ".join(f"{mass} % hold {100 * tally.coverage(mass):.0f} %" for mass in QUANTILES) \
        + f", score of 90 % {tally.interval_score():.3f}"


def compare(report, corpus, budget, name, races, others):
    """The race beside another, pool by pool, with the interval of a paired bootstrap over pools."""
    for what, unit, values in (
            ("regret", "points", [100 * (one - other) for one, other in zip(races, others, strict=True)]),
            ("share with at most 1 %", "points",
             [100.0 * ((one <= 0.01) - (other <= 0.01)) for one, other in zip(races, others, strict=True)])):
        mean, low, high = bootstrap(values)
        report.add(f"{corpus}, {budget}, race less {name}: {what}", mean, unit,
                   note=f"95 % of resampled sets of {len(values)} pools lie in {low:.2f} ... {high:.2f}")


def report_reliability(report, corpus, tally):
    cells = [f"{100 * stated:.1f} -> {100 * true:.1f} ({count})" for stated, true, count in tally.reliability()]
    report.add(f"{corpus}, races at all budgets: squared error of probabilities to be best",
               statistics.mean((chance - true) ** 2 for chance, true in tally.chances), "",
               note=f"stated -> came true in % (cases): {', '.join(cells)}")


def add(report, corpus, budget, name, regrets, notes=""):
    near = sum(regret <= 0.01 for regret in regrets) / len(regrets)
    report.add(
        f"{corpus}, {budget}, {name}", 100 * statistics.mean(regrets), "% mean regret",
        note=f"{len(regrets)} pools, at most 1 % in {100 * near:.0f} %, median {100 * statistics.median(regrets):.2f}, "
        f"worst {100 * max(regrets):.0f} %" + (f"; {notes}" if notes else ""))
