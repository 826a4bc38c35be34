"""Two binaries in one run, turn by turn, so that a busy machine disturbs both alike: `bench.py --against BINARY`. Round
trip of a query from the Python client, start, size, and messages of 63 MB: CPU time and peak memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import BINARY, ROOTS, SMALL, cpu_of, open_pipeline
from trimtab import Request, Session, Trimtab
from trimtab.frames import Frames

MEGABYTE = 1_000_000
MESSAGE_BYTES = 63 * MEGABYTE
QUERIES, PIPELINED, TURNS, STARTS = 500, 1000, 20, 40


def measure(report: Any, old: Path) -> None:
    """One row for each measurement: the new binary's value, with the old one's in the note."""
    binaries = {"old": old, "new": BINARY}

    def add(name: str, unit: str, aim: str, values: dict[str, float], note: str = "") -> None:
        ratio = values["new"] / values["old"]
        report.add(name, values["new"], unit, aim=aim, note=f"before {values['old']:.4g}, ratio {ratio:.3f}{note}",
                   before=values["old"])

    times, loop = queries(binaries)
    trips = {name: sorted(seconds) for name, seconds in times.items()}
    for word, place, aim in (("median", 0.5, "<= 38"), ("99th percentile", 0.99, "<= 79")):
        add(f"frontier/query round trip from Python, {word}", "us", aim,
            {name: 1e6 * times[int(place * len(times))] for name, times in trips.items()},
            f"; {QUERIES * TURNS} each, by turns of {QUERIES}")
    add("server CPU of a pipelined frontier/query", "us", "", {name: 1e6 * seconds for name, seconds in loop.items()},
        f"; the loop's thread, {PIPELINED * TURNS} each, by turns of {PIPELINED}")
    starts: dict[str, list[float]] = {"old": [], "new": []}
    for _ in range(STARTS):
        for name, binary in binaries.items():
            starts[name].append(start(binary))
    add("start to answered initialize, least", "ms", "< 3", {name: 1e3 * min(times) for name, times in starts.items()},
        f"; median {1e3 * statistics.median(starts['new']):.2f} ms, of {STARTS}, spawning from Python included")
    add("binary", "MB", "< 12", {name: binary.stat().st_size / MEGABYTE for name, binary in binaries.items()})
    for kind, body in MESSAGES.items():
        data = body()
        taken: dict[str, list[tuple[float, float]]] = {"old": [], "new": []}
        for _ in range(3):
            for name, binary in binaries.items():
                taken[name].append(take(binary, data))
        add(f"message of {len(data) / MEGABYTE:.0f} MB, {kind}", "MB/CPU s", ">= 400",
            {name: len(data) / MEGABYTE / min(cpu for cpu, _ in runs) for name, runs in taken.items()})
        add("  peak memory for its bytes", "x", "<= 8" if "worst" not in kind else "",
            {name: max(peak for _, peak in runs) / len(data) for name, runs in taken.items()})


def queries(binaries: dict[str, Path]) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Seconds of each query from the Python client, and the server's CPU seconds for a pipelined one; the two servers
    are asked by turns, each first in every other one."""
    clients = {name: Trimtab([str(binary), "serve"], roots=ROOTS) for name, binary in binaries.items()}
    sessions: dict[str, Session] = {}
    times: dict[str, list[float]] = {name: [] for name in binaries}
    try:
        for name, client in clients.items():
            sessions[name] = open_pipeline(client, *SMALL)
            # As it comes: an older server's answer may lack what the client's type has.
            client.call(Request("frontier/characterize", {"session": sessions[name].name, "pipeline": "p"}))
        for turn in range(TURNS + 1):
            for name in list(binaries)[:: 1 if turn % 2 else -1]:
                for n in range(QUERIES):
                    begin = time.perf_counter()
                    sessions[name].query("p", slowdown_fraction=n / QUERIES / 2)
                    if turn:  # the first is a warm-up
                        times[name].append(time.perf_counter() - begin)
        loop = dict.fromkeys(binaries, 0.0)
        for turn in range(TURNS + 1):
            for name in list(binaries)[:: 1 if turn % 2 else -1]:
                params = [{"session": sessions[name].name, "pipeline": "p", "slowdownFraction": n / PIPELINED / 2}
                          for n in range(PIPELINED)]
                pid = clients[name].process.pid
                before = loop_seconds(pid)
                clients[name].pipeline_requests([Request("frontier/query", one) for one in params])
                if turn:
                    loop[name] += (loop_seconds(pid) - before) / (PIPELINED * TURNS)
    finally:
        for client in clients.values():
            client.close()
    return times, loop


def loop_seconds(pid: int) -> float:
    """CPU seconds of a server's loop so far, which is its first thread."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def start(binary: Path) -> float:
    """Seconds from spawning to the answer of `initialize`."""
    hello = Frames("headers").request(1, "initialize", {"processId": os.getpid()})
    begin = time.perf_counter()
    with subprocess.Popen([binary, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(hello)
        process.stdout.read(1)
        seconds = time.perf_counter() - begin
        process.stdin.close()
        process.stdout.read()
    return seconds


def take(binary: Path, body: bytes) -> tuple[float, float]:
    """(CPU seconds, bytes of memory at most beyond those of an idle server) for one message and its answer."""
    frames = Frames("headers")
    with subprocess.Popen([binary, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(frames.request(1, "initialize", {}))
        process.stdin.flush()
        read_answer(process.stdout)
        idle, before = peak_bytes(process.pid), cpu_of(process.pid)
        process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body))
        process.stdin.write(body)
        process.stdin.flush()
        read_answer(process.stdout)
        taken = cpu_of(process.pid) - before, float(peak_bytes(process.pid) - idle)
        process.stdin.close()
        process.stdout.read()
    return taken


def read_answer(stream: Any) -> None:
    header = stream.readline()
    stream.readline()
    stream.read(int(header.split(b":")[1]))


def peak_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) * 1024


def message(method: str, head: str, part: str, tail: str) -> bytes:
    """A request whose params repeat a part until the message has its size."""
    start = f'{{"jsonrpc":"2.0","id":2,"method":"{method}","params":{{{head}'
    count = (MESSAGE_BYTES - len(start) - len(tail) - 2) // (len(part) + 1)
    return (start + ",".join([part] * count) + tail + "}}").encode()


ROW = json.dumps({"stage": 3, "instruction": "forward", "frequency": 1410, "timeSeconds": 0.0512345678901234,
                  "energyJoules": 12.345678901234567}, separators=(",", ":"))
MESSAGES: dict[str, Callable[[], bytes]] = {
    "profile rows": lambda: message("profile/submit", '"session":"s","pipeline":"p","rows":[', ROW, "]"),
    "base64": lambda: message("pool/attachRepresentation", '"session":"s","encoder":"e","base64":"', "A" * 999, '"')
    .replace(b",A", b"AA"),
    "numbers": lambda: message(
        "pool/attachRepresentation", '"session":"s","encoder":"e","rows":[', "[0.12345678,-1.5e-3]", "]"),
    "worst: empty lists": lambda: message("session/open", '"session":[', "[]", "]"),
    "worst: small objects": lambda: message("session/open", '"session":[', '{"":0}', "]"),
}
