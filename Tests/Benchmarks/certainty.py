"""What a search's suggestion is worth on recorded learning curves, and whether its certainty holds.

Each pool of each corpus is replayed through `trimtab select --curves` at several budgets, with its candidates in
several orders, beside the baselines of `pools.py` and Optuna's and Syne Tune's early stopping at the same budget on the
same orders. A regret is the suggestion's final error over the least one, less 1, at most 100 %. Corpora lie below
`learning-curves/` of the measured data; `language` is `finetune-scaling/`. The belief is the one that ships: its
weights were learned on these corpora. Each plan is compared with the race pool by pool, by the means over the orders:
it is better where the interval of the paired difference lies above 0 (regret) or below (share within 1 %). A row has
the mean and the median over pools of their means over the orders, and the worst of all runs.

*race told* is the race of a task whose `curve` says what the points of the curves are: in LCDB and the
language pools each point is the end of a training of its own, in OpenCLIP points are of one run each. *race told of the
decay* is also told that OpenCLIP's learning rates fall from the beginning. *prototype* is `prototypes/certainty.py`
beside the measured data, where that is present: the same pools, orders and budgets, its weights learned without the
corpus.

The tuners run twice: as in `selection.py`, with 8 workers from 1/64 of the data on (else the lowest level there is),
and *fitted*: with a worker for each candidate, and from where halving starts. The latter does them good on most of
these pools, which is why it is there.

    make bench BENCH='--only certainty --orders 20'
"""

import json
import statistics
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

from certainty_statistics import QUANTILES, Outcomes, Tally, bootstrap, regret_picture, reliability_picture
from harness import MEASURED, REPOSITORY
from pools import Pool
from prototype import Prototype
from selection import weighted_tau
from tuners import replay_tuners, request

CORPORA = {"lcdb-accuracy": "learning-curves/lcdb-accuracy", "lcdb-logloss": "learning-curves/lcdb-logloss",
           "openclip": "learning-curves/openclip", "language": "finetune-scaling"}
BUDGETS = [Fraction(1, 30), Fraction(1, 15), Fraction(1, 10), Fraction(1, 5), Fraction(1, 3)]
# What a task would say of a corpus' curves, as options of `trimtab select`: name of the plan -> options.
FINISHED = {"race told": ["--curve", "finished"]}
TOLD = {"lcdb-accuracy": FINISHED, "lcdb-logloss": FINISHED, "language": FINISHED, "openclip": {
    "race told": ["--curve", "snapshot"], "race told of the decay": ["--curve", "snapshot", "--decay-start", "0"]}}
BASELINES = ("everybody", "halving")
STRATEGIES = ("race", "successiveHalving")
FULL_STRATEGIES = (*STRATEGIES, "mordal", "hyperband", "asha", "ats", "random")
# Fewer pools are reported singly: resampling them says nothing.
FEWEST_POOLS = 10
# How much less mean regret a plan may have in one cell, in points.
ALLOWED_LEAD = 0.5


def measure(report, binary, full=False, peer=None, orders=1):
    """With `full` more strategies; pictures go to `out/`. `peer` is the tuners' interpreter; without it they are left
    out. The first order is the table's own, the others are shuffled."""
    strategies = FULL_STRATEGIES if full else STRATEGIES
    prototype = Prototype.found()
    tallies, curves, verdicts = {}, {}, {}
    for corpus, folder in CORPORA.items():
        pools = [Pool(path) for path in sorted((MEASURED.parent / folder).glob("*.csv"))]
        for budget in BUDGETS:
            usable = [pool for pool in pools if pool.fractions[0] <= budget]
            if not usable:
                continue
            plans = {**{strategy: (strategy, []) for strategy in strategies},
                     **{name: ("race", options) for name, options in TOLD[corpus].items()}}
            outcomes, said = replay_cell(binary, usable, budget, plans, peer, orders)
            if prototype:
                outcomes["prototype"], said["prototype"] = prototype.replay(corpus, usable, budget, orders)
            for name in (plan for plan in plans if plan not in outcomes):
                report.add(f"{corpus}, {budget}, {name}", "none", "", note="in some pool it suggests nothing")
            for name, found in outcomes.items():
                add(report, f"{corpus}, {budget}, {name}", usable, found, said.get(name))
                curves.setdefault(corpus, {}).setdefault(name, []).append((float(budget), 100 * found.mean()))
                verdict = verdicts.setdefault(name, Verdict())
                verdict.means.append(100 * found.mean())
                if name != "race" and len(usable) >= FEWEST_POOLS:
                    compare(report, corpus, budget, name, outcomes["race"], found, verdict)
            tallies.setdefault(corpus, Tally()).add(said["race"])
        if corpus in tallies:
            report_reliability(report, corpus, tallies[corpus])
    for name, verdict in verdicts.items():
        report_verdict(report, name, verdict)
    if tallies:
        pictures = REPOSITORY / "out"
        pictures.mkdir(exist_ok=True)
        (pictures / "certainty-reliability.svg").write_text(reliability_picture(tallies, orders))
        (pictures / "certainty-regret.svg").write_text(regret_picture(curves))


def replay_cell(binary, pools, budget, plans, peer, orders):
    """Of each plan at one budget the outcomes, and of each search what it said of its certainty; without those that
    suggest nothing in some pool, as `random` does where no full training can be paid for. `plans` maps the names of
    searches to their strategy and further options of `trimtab select`."""
    outcomes = {name: Outcomes() for name in (*BASELINES, *plans)}
    said = {name: Tally() for name in plans}
    for pool in pools:
        for found in outcomes.values():
            found.begin_pool()
        for number in range(orders):
            ordered = pool.in_order(number)
            for name in BASELINES:
                take(outcomes[name], ordered, getattr(ordered, name)(budget))
            for name, (strategy, options) in plans.items():
                if name in outcomes and (answer := searched(binary, ordered, strategy, budget, options)):
                    told, ranking, finals = answer
                    take(outcomes[name], ordered, ranking)
                    said[name].take(told, finals, ordered.regret(ranking[0]))
                elif name in outcomes:
                    del outcomes[name], said[name]
    if peer:
        for variant, requests in tuner_requests(pools, budget, orders):
            for pool, runs_of in zip(pools, replay_tuners(peer, requests), strict=True):
                for tuner, runs in runs_of.items():
                    found = outcomes.setdefault(tuner + variant, Outcomes())
                    found.begin_pool()
                    for run in runs:
                        take(found, pool, run["ranking"])
    return outcomes, said


def tuner_requests(pools, budget, orders):
    """For each variant of the tuners what to add to their names, and a request for each pool."""
    permutations = {pool: [pool.order(number) for number in range(orders)] for pool in pools}
    yield "", [request(pool, budget, min(k for k, fraction in enumerate(pool.fractions) if fraction >= 1 / 64),
                       permutations[pool], range(orders)) for pool in pools]
    yield " fitted", [request(pool, budget, pool.fitted_start(budget), permutations[pool], range(orders),
                              workers=len(pool.rows)) for pool in pools]


def take(outcomes, pool, ranking):
    outcomes.take(pool.regret(ranking[0]), weighted_tau(dict(enumerate(pool.finals)), ranking))


def searched(binary, pool, strategy, budget, options):
    """What the search answers, its ranking with the suggestion first, and the final errors by its names; None where it
    suggests nothing."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "pool.csv"
        names = pool.write(table)
        command = [binary, "select", "--curves", table, "--strategy", strategy, "--budget", str(float(budget)),
                   "--json", *options]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if "suggestion" not in told:
        return None
    ranking = [names.index(row["candidate"]) for row in told["ranking"]]
    suggestion = names.index(told["suggestion"])
    ranking = [suggestion, *(candidate for candidate in ranking if candidate != suggestion)]
    return told, ranking, dict(zip(names, pool.finals, strict=True))


def add(report, name, pools, outcomes, tally):
    """One plan in one cell."""
    tau = outcomes.tau()
    text = (f"{len(pools)} pools x {outcomes.orders()} orders, at most 1 % in {100 * outcomes.near():.0f} %, "
            f"median {100 * outcomes.median():.2f}, worst {100 * outcomes.worst():.0f} %")
    parts = [text if tau is None else f"{text}, weighted tau {tau:.3f}"]
    if tally:
        parts.append(notes(tally))
    if len(pools) < FEWEST_POOLS:
        means = zip(pools, outcomes.means(), strict=True)
        parts.append(", ".join(f"{pool.path.stem} {100 * regret:.2f}" for pool, regret in means))
    report.add(name, 100 * outcomes.mean(), "% mean regret", note="; ".join(parts))


def notes(tally):
    sure = [is_best for chance, is_best in tally.suggested if chance > 0.9]
    text = (f"stated {100 * statistics.mean(tally.stated):.1f} %, P > .9 said in "
            f"{100 * len(sure) / len(tally.suggested):.0f} %, right in {sum(sure)} of {len(sure)}, "
            "intervals of unfinished: ")
    if not tally.pools:
        return text + "none"
    return text + ", ".join(f"{mass} % hold {100 * tally.coverage(mass):.0f} %" for mass in QUANTILES) \
        + f", score of 90 % {tally.interval_score():.3f}"


class Verdict:
    """How a plan compares with the race in all cells."""

    def __init__(self):
        self.means = []  # regrets, %
        self.leads = []  # (how much less its regret is than the race's, in points; cell)
        self.better = []  # what is better beyond chance, and in which cell


def compare(report, corpus, budget, name, race, other, verdict):
    """The race beside another plan, pool by pool, with the interval of a paired bootstrap over pools."""
    regret = bootstrap([100 * (one - two) for one, two in zip(race.means(), other.means(), strict=True)])
    share = bootstrap([100 * (one - two) for one, two in zip(race.shares(), other.shares(), strict=True)])
    report.add(f"{corpus}, {budget}, race less {name}: regret", regret[0], "points",
               note=f"95 % of resampled sets of {len(race.means())} pools lie in {regret[1]:.2f} ... {regret[2]:.2f}; "
               f"share with at most 1 %: {share[0]:.1f} ({share[1]:.1f} ... {share[2]:.1f})")
    verdict.leads.append((regret[0], f"{corpus}, {budget}"))
    if regret[1] > 0:
        verdict.better.append(f"regret, {corpus}, {budget}")
    if share[2] < 0:
        verdict.better.append(f"share, {corpus}, {budget}")


def report_verdict(report, name, verdict):
    note = f"{len(verdict.means)} cells"
    if verdict.leads:
        lead, where = max(verdict.leads)
        over = [f"{cell} by {points:.2f}" for points, cell in verdict.leads if points > ALLOWED_LEAD]
        note += (f"; race less this at most {lead:.2f} points ({where}); above {ALLOWED_LEAD}: "
                 f"{'; '.join(over) or 'nowhere'}; better than the race beyond chance: "
                 f"{'; '.join(verdict.better) or 'nowhere'}")
    report.add(f"mean over all cells, {name}", statistics.mean(verdict.means), "% mean regret", note=note)


def report_reliability(report, corpus, tally):
    cells = [f"{100 * stated:.1f} -> {100 * true:.1f} ({count})" for stated, true, count in tally.reliability()]
    report.add(f"{corpus}, races at all budgets: squared error of probabilities to be best",
               statistics.mean((chance - true) ** 2 for chance, true in tally.chances), "",
               note=f"stated -> came true in % (cases): {', '.join(cells)}")
