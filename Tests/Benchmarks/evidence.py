"""What evidence from elsewhere is worth to a search: 13 encoders on 4 benchmarks (`vlm-encoders.csv` of the measured
data), each benchmark left out in turn, with the scores of the others and the side scores as evidence.

Before any trial: the regret of the best of the first three, in the score. Then searches over *simulated* curves that
end at the measured scores: what is spent, as a part of training all, until the regret of the suggestion stays at most
1 %. Evidence is told as it is, with its encoders shuffled alike in all sources, with each source shuffled for itself,
and with the sources' values shuffled among the sources of an encoder; and not at all. Beside it what searches cost that
know who the K best are, though not their order: what evidence that cannot order the near best can save at most.

Then the *simulated* zoo of 49 candidates (`zoo.py`), with one source that correlates with the final log errors as far
as said, or is shuffled.
"""

import csv
import math
import random
import statistics

from harness import MEASURED, start_client
from trimtab import Request
from zoo import FRACTIONS, candidates, interval

SIDES = ("alignment", "correspondence")
LEVELS = [2.0**-n for n in range(6, -1, -1)]
SEEDS = range(200)
FULL_SCORE = {"mme": 2800.0}  # the others are percentages
TASK = {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignmentSampleCount": 10**6}
ORACLES = (3, 4, 6)
CORRELATIONS = (0.7, 0.9, 0.97)
ZOO_SEEDS = range(300, 360)
VARIANTS = ("none", "evidence", "shuffled alike", "each shuffled", "shuffled by task")


def ask(client, method, **params):
    return client.call(Request(method, params))


def read(path):
    """Names of tasks and encoders, and {(encoder, task): row}."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return (list(dict.fromkeys(row["task"] for row in rows)), list(dict.fromkeys(row["encoder"] for row in rows)),
            {(row["encoder"], row["task"]): row for row in rows})


def sources(table, encoders, tasks, left_out):
    """Each source as (name, kind, values by encoder)."""
    def column(task, field):
        return [float(table[encoder, task][field]) for encoder in encoders]

    others = [task for task in tasks if task != left_out]
    return ([(f"score of {task}", "relatedTask", column(task, "score")) for task in others]
            + [(side, "side", column(left_out, side)) for side in SIDES])


def shuffled(evidence, variant, draw):
    if variant == "shuffled by task":
        # Ranks, so that a value still fits its new source.
        ranks = [[sorted(values).index(value) for value in values] for _, _, values in evidence]
        columns = [draw.sample(column, len(column)) for column in zip(*ranks, strict=True)]
        return [(name, kind, [column[place] for column in columns])
                for place, (name, kind, _) in enumerate(evidence)]
    order = draw.sample(range(len(evidence[0][2])), len(evidence[0][2]))
    told = []
    for name, kind, values in evidence:
        if variant == "each shuffled":
            order = draw.sample(order, len(order))
        told.append((name, kind, [values[place] for place in order]))
    return told


def begin(client, encoders, evidence, search=None):
    """A session `s` with the pool and the evidence."""
    client.open_session("s")
    ask(client, "pool/submit", session="s", encoders=[{"id": encoder} for encoder in encoders],
                   languageModels=[{"id": "llm"}], task=TASK, search=search or {})
    if evidence:
        ask(client, "evidence/submit", session="s", sources=[
            {"name": source, "kind": kind,
             "scores": [{"encoder": encoder, "score": value} for encoder, value in zip(encoders, values, strict=True)]}
            for source, kind, values in evidence])


def curves(scores, full, seed):
    """Losses at all levels, as those of the simulated zoo; the last is what the score lacks to the full one."""
    draw = random.Random(f"{seed} evidence")
    losses = []
    for score in scores:
        final, slope = full - score, draw.uniform(0.08, 0.2)
        bend, start = draw.choice((0, 0, 0, 0.25)), draw.uniform(0.01, 0.08)
        losses.append([final * level**-slope * (1 + bend * (math.exp(-level / start) - math.exp(-1 / start)))
                       * math.exp(draw.gauss(0, 0.005) if level < 1 else 0) for level in LEVELS])
    return losses


def cost_until(client, encoders, evidence, losses, scores, search):
    """The cost from which on the suggestion's score is at most 1 % below the best."""
    begin(client, encoders, evidence, search)
    spent, reached = 0.0, None
    while True:
        trial = ask(client, "trial/next", session="s", worker="w")
        if "trial" not in trial:
            break
        encoder = encoders.index(trial["candidate"]["encoder"])
        for place, level in enumerate(LEVELS):
            if not trial["fromFraction"] < level <= trial["toFraction"] * (1 + 1e-9):
                continue
            decision = ask(client, "trial/update", session="s", trial=trial["trial"], step=place,
                                      dataFraction=level, score=losses[encoder][place], checkpoint=place)
            spent += (level - (LEVELS[place - 1] if place and LEVELS[place - 1] >= trial["fromFraction"] else
                               trial["fromFraction"])) / len(encoders)
            leader = ask(client, "suggestion/get", session="s", evidenceLimit=0)["suggestion"]["candidate"]
            good = scores[encoders.index(leader["encoder"])] >= 0.99 * max(scores)
            reached = (spent if reached is None else reached) if good else None
            if decision["decision"] != "continue":
                break
    ask(client, "session/close", session="s")
    return 1.0 if reached is None else reached


def best_known(client, count, losses, scores, search):
    """The cost, as a part of all candidates, of a search among the `count` best alone."""
    kept = sorted(sorted(range(len(scores)), key=lambda place: -scores[place])[:count])
    cost = cost_until(client, [f"e{place}" for place in kept], None, [losses[place] for place in kept],
                      [scores[place] for place in kept], search)
    return cost * count / len(scores)


def search_zoo(client, rows, values):
    """The cost, as a part of all candidates' equal costs, from which on the suggestion's true error is at most 1 %
    above the least."""
    client.open_session("s")
    ask(client, "pool/submit", session="s", encoders=[{"id": f"e{n}"} for n in range(7)],
        languageModels=[{"id": f"m{n}"} for n in range(7)], task=TASK)
    names = [(f"e{row['encoder']}", f"m{row['model']}") for row in rows]
    if values:
        ask(client, "evidence/submit", session="s", sources=[{
            "name": "another task", "kind": "relatedTask", "direction": "minimize",
            "scores": [{"encoder": encoder, "languageModel": model, "score": value}
                       for (encoder, model), value in zip(names, values, strict=True)]}])
    by_name = dict(zip(names, rows, strict=True))
    good = 1.01 * min(row["final"] for row in rows)
    spent, reached = 0.0, None
    while "trial" in (trial := ask(client, "trial/next", session="s", worker="w")):
        curve = by_name[trial["candidate"]["encoder"], trial["candidate"]["languageModel"]]["curve"]
        last = trial["fromFraction"]
        for level, loss in sorted(zip(FRACTIONS, curve, strict=True)):
            if not last < level <= trial["toFraction"] * (1 + 1e-9):
                continue
            decision = ask(client, "trial/update", session="s", trial=trial["trial"], step=round(1e6 * level),
                           dataFraction=level, score=loss, checkpoint=level)
            spent, last = spent + (level - last) / len(rows), level
            leader = ask(client, "suggestion/get", session="s", evidenceLimit=0)["suggestion"]["candidate"]
            is_good = by_name[leader["encoder"], leader["languageModel"]]["final"] <= good
            reached = (spent if reached is None else reached) if is_good else None
            if decision["decision"] != "continue":
                break
    ask(client, "session/close", session="s")
    return 1.0 if reached is None else reached


def measure_zoo(report, client, seeds=ZOO_SEEDS):
    zoos = [candidates(seed, seed % 2 == 1) for seed in seeds]
    without = [search_zoo(client, rows, None) for rows in zoos]
    report.add("zoo of 49, no evidence: cost until the regret stays at most 1 %", statistics.mean(without),
               "of the grid", note=f"+- {interval(without)[1]:.3f}; median {statistics.median(without):.3f}; "
               f"{len(zoos)} searches")
    for correlation in CORRELATIONS:
        for is_shuffled in (False, True):
            costs = []
            for seed, rows in zip(seeds, zoos, strict=True):
                draw = random.Random(f"{seed} {correlation}")
                logs = [math.log(row["final"]) for row in rows]
                mean, deviation = statistics.mean(logs), statistics.pstdev(logs)
                values = [correlation * (log - mean) / deviation
                          + math.sqrt(1 - correlation**2) * draw.gauss(0, 1) for log in logs]
                if is_shuffled:
                    draw.shuffle(values)
                costs.append(search_zoo(client, rows, values))
            mean, wide = interval(costs)
            report.add(f"zoo of 49, one source that correlates by {correlation}{', shuffled' if is_shuffled else ''}: "
                       "cost until the regret stays at most 1 %", mean, "of the grid",
                       note=f"+- {wide:.3f}; {mean / statistics.mean(without):.2f} of that without; "
                       f"median {statistics.median(costs):.3f}")


def measure(report, seeds=SEEDS, variants=VARIANTS, search=None):
    path = MEASURED.parent / "vlm-encoders.csv"
    if not path.exists():
        return
    tasks, encoders, table = read(path)
    with start_client() as client:
        measure_zoo(report, client)
        regrets = []
        for task in tasks:
            scores = [float(table[encoder, task]["score"]) for encoder in encoders]
            begin(client, encoders, sources(table, encoders, tasks, task))
            ranked = ask(client, "suggestion/ranking", session="s", limit=3)["ranking"]
            first = [entry["candidate"]["encoder"] for entry in ranked]
            ask(client, "session/close", session="s")
            best = max(scores[encoders.index(encoder)] for encoder in first)
            regrets.append(100 * (1 - best / max(scores)))
            report.add(f"encoders, {task} left out: regret of the best of the first three", regrets[-1], "%",
                       note=f"{', '.join(first)}; {'a hit' if regrets[-1] == 0 else 'no hit'}")
        report.add("encoders: regret of the best of the first three, mean of 4 tasks", statistics.mean(regrets), "%")
        costs = {variant: [] for variant in (*variants, *ORACLES)}
        for seed in seeds:
            for task in tasks:
                full = FULL_SCORE.get(task, 100.0)
                scores = [float(table[encoder, task]["score"]) for encoder in encoders]
                losses = curves(scores, full, f"{task} {seed}")
                known = sources(table, encoders, tasks, task)
                for variant in variants:
                    draw = random.Random(f"{seed} {task} {variant}")
                    told = (None if variant == "none" else known if variant == "evidence"
                            else shuffled(known, variant, draw))
                    costs[variant].append(cost_until(client, encoders, told, losses, scores, search))
                for count in ORACLES:
                    costs[count].append(best_known(client, count, losses, scores, search))
        for variant in (*variants, *ORACLES):
            mean, wide = interval(costs[variant])
            ratio = mean / statistics.mean(costs["none"])
            name = f"the {variant} best known" if variant in ORACLES else variant
            report.add(f"encoders, simulated curves, {name}: cost until the regret stays at most 1 %", mean,
                       "of the grid", note=f"+- {wide:.3f}; {ratio:.2f} of that without evidence; "
                       f"{len(costs[variant])} searches")
