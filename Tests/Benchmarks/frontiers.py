"""Frontiers: speed beside PyPI `lowtime`, gaps of the plans, growth with size, and the price of changing clocks."""

import itertools
import json
import math
import statistics
import sys

import switching as switches
from harness import (
    BINARY,
    HERE,
    MEASURED,
    MODELLED,
    cpu_seconds_of,
    median_run,
    open_pipeline,
    peer_python,
    profiles,
    start_client,
)
from scale import measure as measure_scale

RECORDED = HERE / "recorded.jsonl"
LONG_SEARCH = 40  # rounds; a minute or two each


def curve(report, full):
    jobs = [("gpt3-175b_a100-sxm.csv", 83.64, "GPT-3 175B A100", (12, 24, 48, 96)),
            ("gpt3-175b_a40.csv", 70.38, "GPT-3 175B A40", (12, 24))]
    measured = [(MEASURED / file, *job) for file, *job in jobs if (MEASURED / file).exists()]
    for job in measured or [(MODELLED / "modelled-h100-8stage.csv", 95.0, "modelled H100", (12, 24, 48, 96))]:
        measure_curve(report, full, *job)


def measure_curve(report, full, profile, power, name, sizes):
    recorded = {r["microbatches"]: r for r in map(json.loads, RECORDED.read_text().splitlines())
                } if "A100" in name and RECORDED.exists() else {}
    aims = {12: ">= 500", 96: ">= 2000"} if "A100" in name else {}
    peer = peer_python("lowtime")
    for microbatches in sizes:
        problem = ["--stages", 8, "--microbatches", microbatches, "--blocking-power", power]
        command = [BINARY, "frontier", profile, *problem, "--json"]
        seconds, document = median_run([*command, "--bound-only"], 9)
        report.add(f"whole exact curve, {name}, {microbatches} microbatches", seconds, "CPU s",
                   note=f"{len(document['lowerBound'])} corners, median of 9 whole processes")
        all_seconds, all_document = median_run(command, 3)
        report.add("  with all plans", all_seconds, "CPU s",
                   note=f"{len(all_document['plans'])} plans, median of 3 whole processes")
        if peer and (microbatches <= 24 or full):
            theirs, source = cpu_seconds_of([peer, HERE / "peers" / "lowtime_frontier.py", profile, *problem])[1], "now"
        elif microbatches in recorded:
            theirs, source = recorded[microbatches], "recorded"
        else:
            continue
        report.add(f"  lowtime 0.3.0, {source}", theirs["cpuSeconds"], "CPU s", note=same_problem(document, theirs))
        if "realised" in theirs:
            report.add(
                "  its plans that draw less than ours at their time", *undercut(all_document, theirs["realised"])
            )
        report.add("  ratio, curve", theirs["cpuSeconds"] / seconds, "x", aim=aims.get(microbatches, ""))
        report.add("  ratio, with all plans", theirs["cpuSeconds"] / all_seconds, "x")


def undercut(document, outcomes):
    """How many of the peer's plans, as realised, draw less than our cheapest plan that lasts no longer."""
    plans = sorted((p["iterationTimeSeconds"], p["energyJoules"]) for p in document["plans"])
    shares = []
    for seconds, joules in outcomes:
        ours = min((e for t, e in plans if t <= seconds * (1 + 1e-12)), default=math.inf)
        shares.append(ours / joules - 1)
    least = -max(shares)
    return (sum(share > 1e-12 for share in shares), f"of {len(shares)}", "0",
            f"ours draws {100 * least:.2f} to {-100 * min(shares):.2f} % less")


def same_problem(document, peer):
    """Checks that both solved the same problem: the peer's fastest and slowest plans, realised with the measured
    figures, must lie on or above our bound and close to it. Ends the run otherwise."""
    bound = sorted((p["iterationTimeSeconds"], p["energyJoules"]) for p in document["lowerBound"])
    fastest = peer["fastest"]["realised"]
    excess = fastest["iterationTimeSeconds"] / document["minimumTimeSeconds"] - 1
    gaps = []
    for end in ("fastest", "slowest"):
        seconds, joules = (peer[end]["realised"][k] for k in ("iterationTimeSeconds", "energyJoules"))
        if seconds <= bound[-1][0]:
            gaps.append(joules / interpolate(bound, seconds) - 1)
    note = f"T_min {excess:+.2%}, energy {', '.join(f'{gap:+.2%}' for gap in gaps)} of our bound, realised"
    if not (-1e-9 <= excess <= 0.02 and all(-1e-9 <= gap <= 0.06 for gap in gaps)):
        raise SystemExit(f"the two solvers disagree about the problem: {note}")
    return note


def interpolate(points, x):
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[0][1] if x < points[0][0] else points[-1][1]


def gap(report, full):
    searches = [(*profile, None) for profile in profiles((12, 24, 48, 96) if full else (12, 96))]
    if full:
        searches += [(f"{name}, {LONG_SEARCH} rounds", *problem, LONG_SEARCH) for name, *problem in profiles((12, 24))
                     if name.startswith("GPT-3")]
    together = []
    with start_client() as client:
        for name, *problem, rounds in searches:
            session = open_pipeline(client, *problem)
            frontier = session.characterize("p", round_count=rounds)
            first, last = frontier.minimum_time_seconds, frontier.cheapest_time_seconds
            gaps = sorted(session.query("p", deadline_seconds=first + (last - first) * n / 63).plan.gap_fraction
                          for n in range(64))
            every = sorted(plan.gap_fraction for plan in session.curve("p").plans)
            report.add(
                f"certified gap, {name}",
                100 * gaps[-1],
                "%",
                aim="<= 0.25",
                note=f"largest of 64 deadlines; median {100 * statistics.median(gaps):.3f} %; of all {len(every)} "
                f"plans {100 * every[-1]:.3f} and {100 * statistics.median(every):.3f} %",
            )
            if name.startswith("GPT-3") and rounds is None:
                together += gaps
    if together:
        report.add("  median of GPT-3 on both GPUs", 100 * statistics.median(together), "%", aim="<= 0.10",
                   note=f"{len(together)} deadlines; {sum(gap > 0.0025 for gap in together)} of them above 0.25 %")


def optimum(report, full):
    try:
        from optimum import measure
    except ImportError as missing:
        print(f"  left out: {missing}", file=sys.stderr, flush=True)
        return
    measure(report, cpu_seconds_of, BINARY, MEASURED, full)


def scale(report, full):
    profile, power = MEASURED / "gpt3-175b_a100-sxm.csv", 83.64
    if not profile.exists():
        profile, power = MODELLED / "modelled-h100-8stage.csv", 95.0
    measure_scale(report, BINARY, profile, power)


def switching(report, full):
    with start_client() as client:
        for name, path, stages, power, microbatches in profiles((12, 96)):
            if path.parent != MEASURED:
                continue
            for latency in switches.LATENCIES:
                command = [BINARY, "frontier", path, "--json", "--stages", stages, "--microbatches", microbatches,
                           "--blocking-power", power, "--switch-latency", latency]
                seconds, _ = cpu_seconds_of(command)
                row = switches.compare(client, open_pipeline, path, stages, power, microbatches, latency)
                report.add(f"changes of clock at {1e3 * latency:g} ms, {name}", row["changes"], "an iteration",
                           note=f"mean of {switches.POINTS} deadlines; plans that know nothing of them "
                                f"{row['naiveChanges']:.0f}; frontier in {seconds:.2f} CPU s", **row)
                report.add("  energy above plans whose changes are free", row["aboveFree"], "%",
                           note=f"at the same time; largest {row['mostAboveFree']:.2f} %; fastest plan "
                                f"{row['fastestLate']:.2f} % above T_min")
                report.add("  saved against plans that know nothing of them", row["savedAgainstNaive"], "%",
                           aim="> 0", note=f"at their real time, {row['naiveLate']:.1f} % late; least "
                                           f"{row['leastSaved']:.2f} %; better than ours: {row['naiveBetter']}")
