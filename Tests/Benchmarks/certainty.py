"""What a search's suggestion is worth on recorded learning curves, and whether its certainty holds.

Each pool of each corpus is replayed through `trimtab select --curves` at several budgets, beside the two baselines of
`pools.py`. A regret is the suggestion's final error over the least one, less 1, at most 100 %. Corpora lie below
`learning-curves/` of the measured data; `language` is `finetune-scaling/`. The belief is the one that ships: its
weights were learned on these corpora. Each is compared with the race pool by pool; a baseline is better where the
interval of the paired difference lies above 0.
"""

import json
import statistics
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

from certainty_statistics import QUANTILES, Tally, bootstrap, regret_picture, reliability_picture
from harness import MEASURED, REPOSITORY
from pools import Pool

CORPORA = {"lcdb-accuracy": "learning-curves/lcdb-accuracy", "lcdb-logloss": "learning-curves/lcdb-logloss",
           "openclip": "learning-curves/openclip", "language": "finetune-scaling"}
BUDGETS = [Fraction(1, 30), Fraction(1, 15), Fraction(1, 10), Fraction(1, 5), Fraction(1, 3)]
STRATEGIES = ("race", "successiveHalving")
# Fewer pools are reported singly: resampling them says nothing.
FEWEST_POOLS = 10
FULL_STRATEGIES = (*STRATEGIES, "mordal", "hyperband", "asha", "ats", "random")


def searched(binary, pool, strategy, budget):
    """The suggested candidate, and what the search says of its certainty."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "pool.csv"
        named = pool.write(table)
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
                regrets[name] = [pool.regret(getattr(pool, name)(budget)[0]) for pool in usable]
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
