"""Processes that share a state directory: what it costs to be joined, and how long a takeover takes."""

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time

from harness import BINARY, SMALL, open_pipeline, start_client
from recovery import SESSION, make
from trimtab import Request

UPDATES, QUERIES, TRIALS = 100_000, 2000, 1000
POOL = {"session": "s", "encoders": [{"id": f"e{number}"} for number in range(TRIALS)], "languageModels": [{"id": "l"}],
        "search": {"strategy": "grid"},
        "task": {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignmentSampleCount": 1000}}


def sharing(report, full):
    """A query through a joined process, and a takeover with 100 000 updates to recover."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TRIMTAB_BENCH_DISK")) as folder:
        state = os.path.join(folder, "state")
        make(state, UPDATES)
        owner = start_client(state_directory=state)
        owner.call(Request("session/open", {"session": SESSION}))
        with start_client(state_directory=state) as first, \
                start_client(state_directory=state) as second:
            for client in (first, second):
                client.call(Request("session/open", {"session": SESSION}))
            for name, client in (("owner", owner), ("joined", first)):
                session = open_pipeline(client, *SMALL)
                deadline = session.characterize("p").cheapest_time_seconds
                query = session.request.query("p", deadline_seconds=deadline)
                report.add(f"frontier/query, {name} client", 1e6 * median(client, query), "us",
                           aim="< 150" if client is first else "", note="median")
            query = Request("trial/list", {"session": SESSION, "limit": 1})
            owner.process.kill()
            owner.process.wait()
            begin = time.perf_counter()
            first.call(query)
            second.call(query)
            report.add(f"both joined clients answered after a kill of the owner, {UPDATES} updates",
                       time.perf_counter() - begin, "s", aim="< 1", note="wall time")
        owner.close()
    watching(report)


def watching(report):
    """How long after a launcher asks for a trial a notebook that only reads gets the push about it."""
    seen: dict[int, float] = {}

    def read(stream):
        for line in stream:
            message = json.loads(line)
            if message.get("method") == "trial/assigned":
                seen[message["params"]["trial"]] = time.perf_counter()
                if len(seen) == TRIALS:
                    return

    with tempfile.TemporaryDirectory(dir=os.environ.get("TRIMTAB_BENCH_DISK")) as folder:
        state = os.path.join(folder, "state")
        with start_client(state_directory=state) as launcher:
            launcher.call(Request("session/open", {"session": "s"}))
            launcher.call(Request("pool/submit", POOL))
            notebook = subprocess.Popen([str(BINARY), "serve", "--read-only", "--state", state],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert notebook.stdin is not None and notebook.stdout is not None
            for number, (method, params) in enumerate([
                    ("initialize", {}), ("session/open", {"session": "s"}),
                    ("session/watch", {"session": "s", "pushes": ["trials"]})]):
                request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
                notebook.stdin.write(json.dumps(request).encode() + b"\n")
                notebook.stdin.flush()
                assert "result" in json.loads(notebook.stdout.readline())
            reader = threading.Thread(target=read, args=[notebook.stdout])
            reader.start()
            asked = []
            for _ in range(TRIALS):
                asked.append(time.perf_counter())
                launcher.call(Request("trial/next", {"session": "s"}))
            reader.join(60)
            notebook.kill()
            notebook.wait()
    delays = sorted(1e3 * (seen[number + 1] - begin) for number, begin in enumerate(asked))
    report.add(f"a notebook has the push about a trial after it was asked for, {TRIALS} trials", delays[TRIALS // 2],
               "ms", note=f"median; p99 {delays[TRIALS * 99 // 100]:.2f}, longest {delays[-1]:.2f}", aim="< 50")


def median(client, request):
    times = []
    for _ in range(QUERIES):
        begin = time.perf_counter()
        client.call(request)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)
