"""How near to the best plan there is: a mixed-integer solver's plans beside ours, and proofs that no plan is nearer to
the bound.

*Plans.* HiGHS (through scipy) gets the whole problem at 12 microbatches, 60 s for each of 13 deadlines.

*Floors.* `floors.py` proves how near to the bound no plan can be.
"""

import json
import sys
from pathlib import Path

import numpy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ProcessTests"))

import reference  # noqa: E402
from floors import floor  # noqa: E402
from measurements import read_profile  # noqa: E402
from mixed import Choice  # noqa: E402

RECORDED = HERE / "recorded-optimum.jsonl"
PROFILES = {"a100": ("GPT-3 A100", "gpt3-175b_a100-sxm.csv", 83.64), "a40": ("GPT-3 A40", "gpt3-175b_a40.csv", 70.38)}
STAGES = 8
# Deadlines, of 64 from the fastest to the cheapest.
DEADLINES = (0, 3, 6, 9, 14, 20, 26, 32, 38, 44, 50, 57, 63)
MIP_SECONDS = 60
# Rounds of search: none is the default effort.
ROUNDS = (0, 8)
# Floors: (microbatches, deadline of 64), all with the same windows.
FLOORS = ((12, 0), (24, 0), (48, 0), (96, 0))
FIRST_STAGE = 2
PASSES = ((2, 20), (4, 12))


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


def measure(report, run, binary, data, full):
    """`run(command)` gives (CPU seconds, document) of a command that prints one JSON document."""
    recorded = [json.loads(line) for line in RECORDED.read_text().splitlines()] if RECORDED.exists() else []
    fresh = []
    for gpu, (name, file, power) in PROFILES.items():
        if not (data / file).exists():
            continue

        def ours(microbatches, *options, file=file, power=power):
            return run([binary, "frontier", data / file, "--stages", STAGES, "--microbatches", microbatches,
                        "--blocking-power", power, "--json", *options])

        def problem(microbatches, file=file, power=power):
            read = reference.pipeline(read_profile(data / file), STAGES, microbatches, power)
            return read, {key: reference.efficient(options, power) for key, options in read.tables.items()}

        def deadline(document, index):
            first, last = document["minimumTimeSeconds"], document["cheapestTimeSeconds"]
            return (first + (last - first) * index / 63) * (1 + 1e-10)

        searches = {rounds: ours(12, "--rounds", rounds) for rounds in ROUNDS}
        document = searches[0][1]
        theirs = {r["deadline"]: r for r in recorded if r["kind"] == "plan" and r["gpu"] == gpu}
        if full:
            theirs = {}
            for index in DEADLINES:
                read, tables = problem(12)
                time, joules, least = best_plan(read, tables, deadline(document, index), MIP_SECONDS)
                waiting = power * STAGES
                theirs[index] = {
                    "kind": "plan", "gpu": gpu, "deadline": index, "solverSeconds": MIP_SECONDS,
                    "energyJoules": None if time is None else joules + waiting * time,
                    "leastJoules": least + waiting * deadline(document, index)}
            fresh += theirs.values()
        if theirs:
            for rounds, (seconds, found) in searches.items():
                compare(report, f"{name}, 12 microbatches, {rounds} rounds", found, theirs, deadline, seconds)
        for microbatches, index in FLOORS if gpu == "a40" else ():
            same = {"kind": "floor", "gpu": gpu, "microbatches": microbatches, "deadline": index}
            known = [r for r in recorded if same.items() <= r.items()]
            _, document = ours(microbatches)
            limit = deadline(document, index)
            if full:
                read, tables = problem(microbatches)
                share = floor(read, tables, limit, STAGES, FIRST_STAGE, PASSES)
                known = [{**same, "firstStage": FIRST_STAGE, "passes": PASSES, "floorFraction": share}]
                fresh += known
            if known:
                gap, least = at(document, limit) / bound(document, limit) - 1, known[0]["floorFraction"]
                if gap < least:
                    raise SystemExit(
                        f"optimum: a plan of {name}, {microbatches} microbatches, deadline {index} has a gap of "
                        f"{gap}, under the floor {least}: plan or proof is wrong"
                    )
                report.add(f"every plan's gap, {name}, {microbatches} microbatches, deadline {index} of 64",
                           100 * least, "%", note=f"at least; ours {100 * gap:.3f} %")
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
    points = numpy.array(sorted((p["iterationTimeSeconds"], p["energyJoules"]) for p in document["lowerBound"]))
    return float(numpy.interp(seconds, points[:, 0], points[:, 1]))
