"""A long journal: how big it is, how long its recovery takes, and whether recovery and export leave the loop free.

`python Tests/Benchmarks/recovery.py make DIR COUNT` makes such a state directory, to look at with other tools.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import BINARY, cpu_of, exchange, rss_of, start_client
from trimtab import Request, Trimtab
from trimtab.frames import Frames

SESSION = "s"
SIDE, STEPS = 32, 1000
# Too few for a server to compact them by itself, which it does at 4 MiB.
PLAIN = 20_000


def recovery(report, full):
    """Recovery of 20 000 updates as they were appended and of 1 000 000 (--full; else 100 000) in a journal that was
    compacted: size, time, and an export beside queries."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TRIMTAB_BENCH_DISK")) as folder:
        for name, count, size_aim, aim in (("as appended", PLAIN, 200, 6),
                                           ("compacted", 1_000_000 if full else 100_000, 80, 4)):
            state = os.path.join(folder, name)
            make(state, count)
            if name == "compacted":
                subprocess.run([BINARY, "journal", "compact", state], check=True, stdout=subprocess.DEVNULL)
            report.add(f"journal of {count} updates, {name}", journal_bytes(state) / count, "bytes an update",
                       aim=f"<= {size_aim}")
            recover(report, state, count, name, aim, exports=name == "compacted")


def recover(report, state, count, name, aim, exports):
    command = [str(BINARY), "serve", "--log-holds", "1"]
    with Trimtab(command, state_directory=state, timeout=300) as client:
        begin, before = time.perf_counter(), cpu_of(client.process.pid)
        client.call(Request("session/open", {"session": SESSION}))
        wall, cpu = time.perf_counter() - begin, cpu_of(client.process.pid) - before
        report.add(f"recovery of {count} updates, {name}", cpu, "CPU s", aim=f"< {aim}" if count == 10**6 else "",
                   note=f"{wall:.2f} s of wall time, {rss_of(client.process.pid) >> 20} MiB afterwards")
        if not exports:
            return
        begin, before = time.perf_counter(), cpu_of(client.process.pid)
        requests = client.call(Request("session/export", {"session": SESSION}))["requests"]
        wall, cpu = time.perf_counter() - begin, cpu_of(client.process.pid) - before
        report.add("session/export of it", cpu, "CPU s",
                   note=f"{len(requests)} requests; {wall:.1f} s of wall time with the client's reading of the answer")
        log = Path(f"/proc/{client.process.pid}/fd/2").read_bytes().splitlines()
        holds = [int(line.split()[1]) for line in log if line.startswith(b"hold: ")]
        report.add("longest hold of the loop meanwhile", max(holds, default=0) / 1e3, "CPU ms", aim="< 20")


def make(state, count):
    """Trials of a grid, each with a thousand reports, as fast as the server takes them."""
    frames = Frames("headers")
    with start_client(state_directory=state) as client:
        client.open_session(SESSION)
        client.call(Request("pool/submit", {
            "session": SESSION, "encoders": [{"id": f"encoder-{n}"} for n in range(SIDE)],
            "languageModels": [{"id": f"model-{n}"} for n in range(SIDE)], "search": {"strategy": "grid"},
            "task": {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignmentSampleCount": 10**6}}))
        done = 0
        while done < count:
            trial = client.call(Request("trial/next", {"session": SESSION, "worker": "w"}))["trial"]
            data: list[bytes] = []
            for step in range(1, STEPS + 1):
                data.append(frames.request((1 << 32) + done + step, "trial/update", {
                    "session": SESSION, "trial": trial, "step": step, "dataFraction": step / STEPS,
                    "score": round(2 + 1 / (1 + 0.01 * step) + 0.001 * (trial % 97), 6)}))
            exchange(client, data)
            done += STEPS


def journal_bytes(state):
    """Of the records; zeros may follow them."""
    return len(Path(state, "sessions", f"{SESSION}.journal").read_bytes().rstrip(b"\0"))


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] != "make":
        sys.exit(__doc__)
    make(sys.argv[2], int(sys.argv[3]))
