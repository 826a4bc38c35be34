"""A server in use: latency, throughput, start, cancellation, stragglers, and a profile that changes."""

import csv
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

from harness import (
    BINARY,
    HERE,
    LONG_WORK,
    MEASURED,
    MODELLED,
    REPOSITORY,
    SMALL,
    cpu_of,
    exchange,
    open_pipeline,
    peer_python,
    start_client,
    timed,
)
from trimtab import ProfileRow, Request, RequestCancelled, Sample, Trimtab
from trimtab.frames import Frames


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


def start(report, full):
    frames = Frames("headers")
    hello = frames.request(1, "initialize", {"processId": os.getpid(), "capabilities": {}})
    times, memory = [], []
    for _ in range(20):
        begin = time.perf_counter()
        process = subprocess.Popen([BINARY, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert process.stdin is not None and process.stdout is not None
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
    source = "import time; begin = time.process_time(); import trimtab; print(time.process_time() - begin)"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "clients" / "python")}
    imports = [float(subprocess.check_output([sys.executable, "-c", source], env=environment)) for _ in range(20)]
    report.add("import trimtab", 1e3 * statistics.median(imports), "ms", aim="< 100", note="CPU time, median of 20")
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
    """One table revised: until the existing plans stand under the new bound, and until a search replaced them."""
    file, power = MEASURED / "gpt3-175b_a100-sxm.csv", 83.64
    for microbatches in (12, 96) if file.exists() else ():
        session = open_pipeline(client, file, 8, power, microbatches)
        with open(file, newline="") as lines:
            stage = [row for row in csv.DictReader(lines) if (row["stage"], row["instruction"]) == ("3", "forward")]
        session.characterize("p", follow=True)
        first, whole = [], []
        for n in range(9):
            rows = [
                ProfileRow(3, "forward", int(r["frequency"]), (1.01 + n / 1000) * float(r["time"]), float(r["energy"]))
                for r in stage
            ]
            heard.clear()
            begin = time.perf_counter()
            session.submit_profile("p", rows=rows)
            told = {}
            while False not in told:
                for method, params in heard:
                    # Generation 1 may still be on its way; then they come in pairs.
                    if (method == "frontier/changed" and params["session"] == session.name
                            and params["generation"] > 2 * n + 1):
                        told.setdefault(params["provisional"], time.perf_counter() - begin)
                client.call(client.request.list_sessions())
                time.sleep(0.0003)
            first.append(told[True])
            whole.append(told[False] - told[True])
        ratio = statistics.median(whole) / statistics.median(first)
        report.add(f"one table revised, A100, {microbatches} microbatches: new bound, existing plans",
                   1e3 * statistics.median(first), "ms", aim="", note="wall, from the request, median of 9")
        report.add("  search from scratch", 1e3 * statistics.median(whole), "ms", note="wall, after that")
        report.add("  ratio", ratio, "x", aim=">= 5")
