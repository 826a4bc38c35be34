"""The benchmark table: `python Tests/Benchmarks/bench.py [--full] [--json FILE] [--only SECTION ...]`.

Sections: curve (the whole exact curve against PyPI `lowtime`), gap (certified gap of the plans), optimum (plans against a
mixed-integer solver's, and how near any plan can be; needs numpy and scipy), scale (growth with the size of the problem),
switching (what changes of clock cost), straggler (a report to the last push), live (samples, noise, prices, a frontier that
follows its profile), latency (a query's round trip from the Python client), pipelined (small requests a second), start
(start-up, memory, size), cancel, cka (representations against numpy), trials (updates of a search a second).
Sections selection, zoo and reports replay recorded and simulated learning curves through the strategies; ceiling says how good
a ranking can be expected at their budget (needs scipy); calibration holds what the search says of its own certainty against
what came true.
Times of computations are CPU time (user and system of the process), so that a busy machine disturbs them little.
Peers run in environments of their own under `.build/peers`, made on first use. Nothing here is a gate but the check
that both solvers were given the same problem.
"""

import argparse
import csv
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path.insert(0, str(REPOSITORY / "clients" / "python"))

from calibration import measure as measure_calibration  # noqa: E402
from reports import measure as measure_reports  # noqa: E402
from scale import measure as measure_scale  # noqa: E402
from selection import measure as measure_selection  # noqa: E402
from zoo import measure as measure_zoo  # noqa: E402
from trimtab import ProfileRow, RequestCancelled, Request, Sample, Trimtab, TrimtabError  # noqa: E402
from trimtab.frames import Frames  # noqa: E402

import switching as switches  # noqa: E402

BINARY = Path(os.environ.get("TRIMTAB_BINARY") or REPOSITORY / ".build" / "release" / "trimtab").resolve()
MEASURED = Path(os.environ.get("TRIMTAB_SHARED_DATA") or REPOSITORY.parent / "shared" / "data") / "perseus-sosp24"
MODELLED = REPOSITORY / "fixtures" / "profiles"
ROOTS = [str(MODELLED), str(MEASURED)]
PEERS = REPOSITORY / ".build" / "peers"
RECORDED = HERE / "recorded.jsonl"


LONG_SEARCH = 40  # rounds; a minute or two each


class Report:
    """Collects rows, prints them as one table, writes them as JSON lines."""

    def __init__(self):
        self.rows = []

    def add(self, name, value, unit, aim="", note="", **extra):
        self.rows.append({"name": name, "value": value, "unit": unit, "aim": aim, "note": note, **extra})
        print(f"  {name}: {show(value)} {unit}", file=sys.stderr, flush=True)

    def table(self):
        cells = [("measurement", "value", "unit", "aim", "note")]
        cells += [(r["name"], show(r["value"]), r["unit"], r["aim"], r["note"]) for r in self.rows]
        widths = [max(len(row[column]) for row in cells) for column in range(4)]
        for row in cells:
            name, value, unit, aim, note = row
            line = f"{name:<{widths[0]}}  {value:>{widths[1]}}  {unit:<{widths[2]}}  {aim:<{widths[3]}}  {note}"
            print(line.rstrip())

    def write(self, path):
        machine = describe_machine()
        with open(path, "w") as file:
            for row in self.rows:
                file.write(json.dumps({**row, **machine}) + "\n")


def show(value):
    return value if isinstance(value, str) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def describe_machine():
    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    commit = subprocess.run(["git", "-C", REPOSITORY, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    version = subprocess.run([BINARY, "--version"], capture_output=True, text=True)
    return {"machine": model, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(), "trimtab": version.stdout.strip(), "commit": commit.stdout.strip()}


def cpu_seconds_of(command):
    """(CPU seconds, parsed JSON) of a command that prints one JSON document."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([str(part) for part in command], stdout=output, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} ended with {process.returncode}")
        output.seek(0)
        return usage.ru_utime + usage.ru_stime, json.load(output)


def median_run(command, count):
    """(median CPU seconds, parsed JSON) of some runs of a command."""
    runs = [cpu_seconds_of(command) for _ in range(count)]
    return statistics.median(seconds for seconds, _ in runs), runs[0][1]


def peer_python(name):
    """The interpreter of a peer's own environment, or None where it cannot be made (no network)."""
    python, requirements = PEERS / name / "bin" / "python", HERE / "peers" / f"requirements-{name}.txt"
    done = PEERS / name / "installed.txt"
    if not done.exists() or done.read_text() != requirements.read_text():
        print(f"  installing {name} under {PEERS / name}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", PEERS / name], check=True)
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements]
        if subprocess.run(install).returncode:
            return None
        done.write_text(requirements.read_text())
    return python


# Curve


def curve(report, full):
    jobs = [("gpt3-175b_a100-sxm.csv", 83.64, "GPT-3 175B A100", (12, 24, 48, 96)),
            ("gpt3-175b_a40.csv", 70.38, "GPT-3 175B A40", (12, 24))]
    jobs = [(MEASURED / file, *job) for file, *job in jobs if (MEASURED / file).exists()]
    for job in jobs or [(MODELLED / "modelled-h100-8stage.csv", 95.0, "modelled H100", (12, 24, 48, 96))]:
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
            report.add("  its plans that draw less than ours at their time", *undercut(all_document, theirs["realised"]))
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
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[0][1] if x < points[0][0] else points[-1][1]


# Sessions over the pipe


def profiles(microbatch_counts):
    known = [("modelled H100", MODELLED / "modelled-h100-8stage.csv", 8, 95.0),
             ("modelled A100", MODELLED / "modelled-a100-4stage.csv", 4, 80.0),
             ("GPT-3 A100", MEASURED / "gpt3-175b_a100-sxm.csv", 8, 83.64),
             ("GPT-3 A40", MEASURED / "gpt3-175b_a40.csv", 8, 70.38)]
    return [(f"{name}, {count} microbatches", path, stages, power, count)
            for name, path, stages, power in known if path.exists() for count in microbatch_counts]


def open_pipeline(client, path, stages, power, microbatches):
    session = client.open_session()
    session.define_pipeline("p", schedule="1f1b", stages=stages, microbatches=microbatches, blocking_power_watts=power)
    session.submit_profile("p", csv_path=str(path))
    return session


def start_client():
    return Trimtab([str(BINARY), "serve"], roots=ROOTS)


LONG_WORK = (MODELLED / "modelled-h100-8stage.csv", 8, 95.0, 192)
SMALL = (MODELLED / "modelled-h100-8stage.csv", 8, 95.0, 12)


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
            report.add(f"certified gap, {name}", 100 * gaps[-1], "%", aim="<= 0.25",
                       note=f"largest of 64 deadlines; median {100 * statistics.median(gaps):.3f} %; of all {len(every)} "
                            f"plans {100 * every[-1]:.3f} and {100 * statistics.median(every):.3f} %")
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


def latency(report, full):
    calls = 20_000
    with start_client() as client:
        session, busy = open_pipeline(client, *SMALL), open_pipeline(client, *LONG_WORK)
        frontier = session.characterize("p")
        first, last = frontier.minimum_time_seconds, frontier.cheapest_time_seconds
        deadlines = [first + (last - first) * (n % 997) / 996 for n in range(calls)]
        times = [timed(lambda t=t: session.query("p", deadline_seconds=t)) for t in deadlines]
        add_latency(report, "frontier/query round trip, idle", times, "< 70", "< 300")

        request = session.request.query("p", deadline_seconds=deadlines[500])
        frame = Frames("headers").request(1 << 40, request.method, request.params)
        output, stream = client.process.stdout.fileno(), client.process.stdin.fileno()
        bare = [timed(lambda: (os.write(stream, frame), os.read(output, 65536))) for _ in range(calls)]
        bare_median = statistics.median(bare)
        report.add("  of it the client", 1e6 * (statistics.median(times) - bare_median), "us", aim="< 25",
                   note=f"the same bytes written and read bare: {1e6 * bare_median:.1f} us")

        times, runs, work = [], 0, client.start(busy.request.characterize("p"))
        for deadline in deadlines:
            times.append(timed(lambda t=deadline: session.query("p", deadline_seconds=t)))
            if work.arrived:
                work.result()
                runs, work = runs + 1, client.start(busy.request.characterize("p"))
        work.cancel()
        add_latency(report, "  while another session characterizes", times, "< 70", "< 300",
                    note=f"{runs} characterizations ended meanwhile")
    peer = peer_python("pygls")
    if peer:
        with Trimtab([str(peer), str(HERE / "peers" / "pygls_echo.py")]) as client:
            request = Request("bench/echo", {"session": "s", "pipeline": "p", "deadlineSeconds": 3.0})
            add_latency(report, "  an echo on pygls 2.1.1", [timed(lambda: client.call(request)) for _ in range(3000)])


def timed(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def add_latency(report, name, times, median_aim="", p99_aim="", note=""):
    times = sorted(times[len(times) // 20:])  # without the warm-up
    report.add(f"{name}, median", 1e6 * statistics.median(times), "us", aim=median_aim, note=note)
    report.add(f"{name}, 99th percentile", 1e6 * times[int(len(times) * 0.99)], "us", aim=p99_aim)


def pipelined(report, full):
    count = 100_000
    with start_client() as client:
        session = open_pipeline(client, *SMALL)
        frontier = session.characterize("p")
        frames = Frames("headers")
        request = session.request.query("p", deadline_seconds=1.03 * frontier.minimum_time_seconds)
        data = [frames.request(1_000_000 + n, request.method, request.params) for n in range(count)]
        wall, cpu, failed = exchange(client, data)
        if failed:
            raise SystemExit(f"{failed} of {count} pipelined requests failed")
    report.add("pipelined frontier/query", count / wall, "requests/s", aim=">= 100 000",
               note=f"{1e6 * cpu / count:.1f} us server CPU each, {sum(map(len, data)) / count:.0f} bytes each")


def write_all(stream, data):
    view = memoryview(data)
    while view:
        view = view[os.write(stream, view[:1 << 16]):]


def cpu_of(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(report, full):
    frames = Frames("headers")
    hello = frames.request(1, "initialize", {"processId": os.getpid(), "capabilities": {}})
    times, memory = [], []
    for _ in range(20):
        begin = time.perf_counter()
        process = subprocess.Popen([BINARY, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        process.stdin.write(hello)
        process.stdout.read(65536)
        times.append(time.perf_counter() - begin)
        status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        memory.append(next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024)
        process.stdin.close()
        process.wait()
        process.stdout.close()
    report.add("start to answered initialize", 1e3 * statistics.median(times), "ms", aim="< 10",
               note="median of 20, spawning from Python included")
    report.add("idle memory (RSS)", statistics.median(memory), "MiB", aim="< 20")
    report.add("binary", BINARY.stat().st_size / 1e6, "MB", aim="< 25", note=str(BINARY.name))


def cancel(report, full):
    times = []
    with start_client() as client:
        session = open_pipeline(client, *LONG_WORK)
        for _ in range(10):
            work = client.start(session.request.characterize("p"))
            client.call(client.request.list_sessions())  # the work has been accepted
            begin = time.perf_counter()
            work.cancel()
            try:
                work.result()
            except RequestCancelled:
                times.append(time.perf_counter() - begin)
    if times:
        report.add("cancel to its answer, characterizing", 1e3 * max(times), "ms", aim="< 50",
                   note=f"largest of {len(times)}; median {1e3 * statistics.median(times):.2f} ms")


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


def straggler(report, full):
    count = 1024
    with start_client() as client:
        session = open_pipeline(client, *SMALL)
        session.replicate_pipeline("p", [f"p{n}" for n in range(1, count)])
        session.characterize("p")
        output, stream, frames, mark = client.process.stdout.fileno(), client.process.stdin.fileno(), Frames(
            "headers"), b'"plan/changed"'
        times, before = [], cpu_of(client.process.pid)
        for n in range(1000):
            # All but the straggler move, and then move back.
            told = {"pipeline": f"p{1 + n // 2}", **({"ended": True} if n % 2 else {"slowdownFraction": 0.2})}
            frame = frames.request(1 << 40 | n, "straggler/report", {"session": session.name, **told})
            begin = time.perf_counter()
            os.write(stream, frame)
            seen, tail = 0, b""
            while seen < count - 1:
                tail += os.read(output, 1 << 20)
                seen += tail.count(mark)
                tail = tail[-len(mark) + 1:]
            times.append(time.perf_counter() - begin)
        cpu = (cpu_of(client.process.pid) - before) / len(times)
    report.add(f"straggler report to {count - 1} plan/changed, median", 1e6 * statistics.median(times), "us",
               aim="< 1000", note=f"of {len(times)}; {1e6 * cpu:.0f} us server CPU each")
    report.add("  99th percentile", 1e6 * sorted(times)[int(0.99 * len(times))], "us")
    report.add("  worst", 1e6 * max(times), "us")


def live(report, full):
    """A profile with ten samples of each option of 8 stages x 96 microbatches: 1536 instructions."""
    generator, path = random.Random(1), MODELLED / "modelled-h100-8stage.csv"
    with open(path, newline="") as file:
        measured = [(int(r["stage"]), r["instruction"], int(r["frequency"]), float(r["time"]), float(r["energy"]))
                    for r in csv.DictReader(file)]

    def rows(scale=1.0):
        return [ProfileRow(stage, kind, knob, samples=tuple(
            Sample(scale * t * generator.gauss(1, 0.005), scale * e * generator.gauss(1, 0.01)) for _ in range(10)))
            for stage, kind, knob, t, e in measured]

    heard = []
    with start_client() as client:
        client.on_notification = lambda method, params: heard.append((method, params))
        session = client.open_session(seed=1)
        session.define_pipeline("p", schedule="1f1b", stages=8, microbatches=96, blocking_power_watts=95.0)
        pid, before = client.process.pid, cpu_of(client.process.pid)
        for _ in range(10):
            session.submit_profile("p", rows=rows())
        report.add("profile/submit of 6400 samples", 1e3 * (cpu_of(pid) - before) / 10, "ms", note="CPU, mean of 10")
        session.characterize("p", follow=True)
        for resampling in ("options", "executions"):
            before = cpu_of(pid)
            for _ in range(20):
                session.uncertainty("p", objective="fastest", resample_count=1000, resampling=resampling)
            report.add(f"plan/uncertainty, {resampling}", 1e3 * (cpu_of(pid) - before) / 20, "ms",
                       note="CPU, mean of 20; 1536 instructions x 1000 resamples")
        prices = [(900.0 * n, 1e-8 * (1 + n % 37)) for n in range(672)]
        rate = 1 / session.query("p", slowdown_fraction=0.1).plan.iteration_time_seconds
        before = cpu_of(pid)
        for _ in range(50):
            session.series("p", prices=prices, end_seconds=900.0 * 672, iterations_per_second=rate)
        report.add("plan/series over a week of quarter-hours", 1e3 * (cpu_of(pid) - before) / 50, "ms",
                   note="CPU, mean of 50; 672 prices")
        bench_follow(report, client, heard)


def bench_follow(report, client, heard):
    """One table revised: until the plans of before stand under the new bound, and until a search has replaced them."""
    file, power = MEASURED / "gpt3-175b_a100-sxm.csv", 83.64
    for microbatches in (12, 96) if file.exists() else ():
        session = open_pipeline(client, file, 8, power, microbatches)
        with open(file, newline="") as lines:
            stage = [row for row in csv.DictReader(lines) if (row["stage"], row["instruction"]) == ("3", "forward")]
        session.characterize("p", follow=True)
        first, whole = [], []
        for n in range(9):
            rows = [ProfileRow(3, "forward", int(r["frequency"]), (1.01 + n / 1000) * float(r["time"]), float(r["energy"]))
                    for r in stage]
            heard.clear()
            begin = time.perf_counter()
            session.submit_profile("p", rows=rows)
            told = {}
            while False not in told:
                for method, params in heard:
                    if method == "frontier/changed" and params["session"] == session.name:
                        # Generation 1 may still be on its way; then they come in pairs.
                        if params["generation"] > 2 * n + 1:
                            told.setdefault(params["provisional"], time.perf_counter() - begin)
                client.call(client.request.list_sessions())
                time.sleep(0.0003)
            first.append(told[True])
            whole.append(told[False] - told[True])
        ratio = statistics.median(whole) / statistics.median(first)
        report.add(f"one table revised, A100, {microbatches} microbatches: new bound, plans of before",
                   1e3 * statistics.median(first), "ms", aim="", note="wall, from the request, median of 9")
        report.add("  search from scratch", 1e3 * statistics.median(whole), "ms", note="wall, after that")
        report.add("  ratio", ratio, "x", aim=">= 5")


def scale(report, full):
    profile, power = MEASURED / "gpt3-175b_a100-sxm.csv", 83.64
    if not profile.exists():
        profile, power = MODELLED / "modelled-h100-8stage.csv", 95.0
    measure_scale(report, BINARY, profile, power)


def cka(report, full):
    """Seven encoders, 4096 samples x 1024 features, float32: alternately numpy and ours on the same cores."""
    peer, script = peer_python("numpy"), HERE / "peers" / "numpy_cka.py"
    if not peer:
        return
    # Some machines choose an old BLAS kernel for all programs by these; numpy shall use its best.
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([peer, script, "make", folder], check=True, env=environment)
        files = sorted(Path(folder).glob("*.npy"))
        commands = {"ours": [BINARY, "similarity", *files, "--json"], "ours, rbf":
                    [BINARY, "similarity", *files, "--kernel", "rbf", "--json"],
                    "numpy, Gram matrices": [peer, script, "gram", *files],
                    "numpy, feature products": [peer, script, "features", *files]}
        runs = {name: [] for name in commands}
        for _ in range(5):
            for name, command in commands.items():
                begin = time.perf_counter()
                process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, env=environment)
                document = json.load(process.stdout)
                usage = os.wait4(process.pid, 0)[2]
                wall = time.perf_counter() - begin
                # numpy's own clock leaves out starting Python.
                runs[name].append((document.get("wallSeconds", wall), usage.ru_maxrss / 1024,
                                   document.get("cpuSeconds", usage.ru_utime + usage.ru_stime), document))
        exact = cpu_seconds_of([peer, script, "float64", *files])[1]["similarity"]
    for name, measured in runs.items():
        wall, memory, cpu = (statistics.median(run[column] for run in measured) for column in range(3))
        document = measured[0][3]
        report.add(f"CKA of 7 x 4096 x 1024, {name}", wall, "s", aim="parity" if name == "ours" else "",
                   note=f"median of 5; {cpu:.3g} CPU s; " + "; ".join(document.get("blas", ["whole process"])))
        if name != "ours, rbf":
            error = max(abs(a - b) for row, other in zip(document["similarity"], exact) for a, b in zip(row, other))
            report.add("  largest difference to float64", error, "", aim="< 1e-6" if name == "ours" else "")
        report.add("  peak memory (RSS)", memory, "MiB", aim="< 896" if "ours" in name else "",
                   note="twice the 7 Gram matrices are 896" if name == "ours" else "")


# Model selection


TRIAL_POOL = 100  # encoders, and language models: 10 000 candidates
TRIAL_WORKERS = 1000
TRIAL_UPDATES = 1_000_000


def trials(report, full):
    """1000 workers, each with a trial of its own; all report step by step, 100 steps a trial, through one pipe."""
    for strategy in ("mordal", "asha", "grid"):
        trial_stream(report, strategy)


def trial_stream(report, strategy):
    steps, models = 100, range(TRIAL_POOL)
    with start_client() as client:
        session, frames = client.open_session("s"), Frames("headers")
        part = lambda kind: [{"id": f"{kind}{n}", "parameterCount": 10**9 + n, "family": f"{kind}{n // 5}"} for n in models]
        client.call(Request("pool/submit", {
            "session": "s", "encoders": part("e"), "languageModels": part("l"), "search": {"strategy": strategy},
            "task": {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignmentSampleCount": 10**6}}))
        base, done, wall, cpu, refused, next_id = rss_of(client.process.pid), 0, 0.0, 0.0, 0, 1 << 32
        memory, suggestion = [(0, base)], []
        suggest = Request("suggestion/get", {"session": "s"})
        while done < TRIAL_UPDATES:
            workers = [Request("trial/next", {"session": "s", "worker": f"w{n}"}) for n in range(TRIAL_WORKERS)]
            offers = [offer for offer in client.pipeline_requests(workers) if "trial" in offer]
            if not offers:
                break
            data = []
            for step in range(1, steps + 1):
                for offer in offers:
                    share = offer["fromFraction"] + (offer["toFraction"] - offer["fromFraction"]) * step / steps
                    if step == steps:
                        share = offer["toFraction"]
                    next_id += 1
                    data.append(frames.request(next_id, "trial/update", {
                        "session": "s", "trial": offer["trial"], "step": step, "dataFraction": share,
                        "score": trial_loss(offer["candidate"], share), "gpuSeconds": 0.5 * step,
                        "energyJoules": 200.0 * step}))
            seconds, cpu_seconds, errors = exchange(client, data)
            done, wall, cpu, refused = done + len(data), wall + seconds, cpu + cpu_seconds, refused + errors
            memory.append((done, rss_of(client.process.pid)))
            suggestion += [timed(lambda: client.call(suggest)) for _ in range(20)]
    if not done:
        raise SystemExit(f"trials: {strategy} gave out no trial")
    report.add(f"trial/update, {strategy}", done / wall, "updates/s", aim=">= 50 000",
               note=f"{done} updates, {refused} of them after a stop; {1e6 * cpu / done:.1f} us server CPU each")
    suggestion.sort()
    report.add("  suggestion/get round trip, median", 1e3 * statistics.median(suggestion), "ms", aim="< 1",
               note=f"10 000 candidates; 99th percentile {1e3 * suggestion[int(len(suggestion) * 0.99)]:.3f} ms")
    half = memory[len(memory) // 2]
    report.add("  memory (RSS) of all updates", (memory[-1][1] - base) / 2**20, "MiB",
               note=f"{(memory[-1][1] - base) / done:.0f} bytes an update; {(half[1] - base) / 2**20:.0f} MiB at {half[0]}")


def trial_loss(candidate, share):
    """A power law whose level and exponent depend on both models."""
    encoder, model = int(candidate["encoder"][1:]), int(candidate["languageModel"][1:])
    level, slope = 1 + 0.002 * ((encoder * 37) % 100) + 0.003 * ((model * 53) % 100), 0.1 + 0.001 * ((encoder * model) % 97)
    return level * max(share, 1e-6) ** -slope


def exchange(client, data):
    """(wall seconds, the server's CPU seconds, errors) of sending requests as fast as they go and reading the answers."""
    output, stream = client.process.stdout.fileno(), client.process.stdin.fileno()
    os.set_blocking(stream, True)
    writer = threading.Thread(target=write_all, args=(stream, b"".join(data)))
    before, begin = cpu_of(client.process.pid), time.perf_counter()
    writer.start()
    seen, failed, tail = 0, 0, b""
    while seen + failed < len(data):
        chunk = os.read(output, 1 << 20)
        if not chunk:
            raise SystemExit(f"the server ended after {seen} answers")
        chunk = tail + chunk
        seen, failed = seen + chunk.count(b'"result"'), failed + chunk.count(b'"error":')
        tail = chunk[-7:]  # one byte shorter than either mark: none is missed, none counted twice
    wall, cpu = time.perf_counter() - begin, cpu_of(client.process.pid) - before
    writer.join()
    os.set_blocking(stream, False)
    return wall, cpu, failed


def rss_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


def selection(report, full):
    files = [MEASURED.parent / "finetune-scaling" / f"{name}.csv" for name in ("flan", "gigaword")]
    files = [path for path in files if path.exists()]
    if files:
        measure_selection(report, BINARY, files, peer_python("tuners"))


def ceiling(report, full):
    try:
        from ceiling import measure
    except ImportError as missing:
        print(f"  left out: {missing}", file=sys.stderr, flush=True)
        return
    files = [MEASURED.parent / "finetune-scaling" / f"{name}.csv" for name in ("flan", "gigaword")]
    measure(report, [path for path in files if path.exists()])


def zoo(report, full):
    measure_zoo(report, BINARY)


def reports(report, full):
    measure_reports(report, BINARY)


def calibration(report, full):
    files = [MEASURED.parent / "finetune-scaling" / f"{name}.csv" for name in ("flan", "gigaword")]
    grid = REPOSITORY / "fixtures" / "experiment" / "curves.csv"
    measure_calibration(report, BINARY, [path for path in files if path.exists()], grid)


SECTIONS = {section.__name__: section for section in (
    curve, gap, optimum, scale, switching, straggler, live, latency, pipelined, start, cancel, cka, trials, selection,
    ceiling, zoo, reports, calibration)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="run the peer with 48 and 96 microbatches too (20 minutes)")
    parser.add_argument("--json", metavar="FILE", help="write the rows as JSON lines with machine and versions")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION")
    arguments = parser.parse_args()
    if not BINARY.exists():
        parser.error(f"no binary at {BINARY}: build it, or set TRIMTAB_BINARY")
    report = Report()
    for name in arguments.only:
        print(name, file=sys.stderr, flush=True)
        try:
            SECTIONS[name](report, arguments.full)
        except TrimtabError as error:
            raise SystemExit(f"{name}: {error}") from error
    machine = describe_machine()
    print(f"\n{machine['machine']}, {machine['cores']} cores, {machine['system']}; {machine['trimtab']}"
          f" ({machine['commit']}), Python {machine['python']}\n")
    report.table()
    if arguments.json:
        report.write(arguments.json)


if __name__ == "__main__":
    main()
