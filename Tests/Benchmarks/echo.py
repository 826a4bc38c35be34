"""Small requests beside servers on pygls and on vscode-jsonrpc, which answer the same bytes with the same answer and do
nothing else: `bench.py --only echo`."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import BINARY, HERE, Report, exchange, peer_python
from trimtab.frames import Frames

TURNS, REQUESTS, PIPELINED = 10, 200, 2000
LIBRARY = "import sys; from pathlib import Path; from vscode_library import unpack; print(unpack(Path(sys.argv[1])))"


class Echo:
    """A server, spoken to in bytes."""

    def __init__(self, command: list[str | Path]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.frames = Frames("headers")
        self.number = 0
        self.ask("initialize", {"processId": os.getpid(), "capabilities": {}})

    def request(self, method: str = "session/list", params: dict[str, object] | None = None) -> bytes:
        self.number += 1
        return self.frames.request(self.number, method, params or {})

    def ask(self, method: str = "session/list", params: dict[str, object] | None = None) -> float:
        """Seconds of one round trip."""
        assert self.process.stdin is not None and self.process.stdout is not None
        frame = self.request(method, params)
        begin = time.perf_counter()
        os.write(self.process.stdin.fileno(), frame)
        answer, wanted = b"", 1
        while len(answer) < wanted:
            part = os.read(self.process.stdout.fileno(), 1 << 16)
            if not part:
                raise SystemExit(f"{self.process.args!r} ended")
            answer += part
            head, separator, _ = answer.partition(b"\r\n\r\n")
            wanted = len(head) + 4 + content_length(head) if separator else len(answer) + 1
        seconds = time.perf_counter() - begin
        if b'"result"' not in answer:
            raise SystemExit(f"{self.process.args!r} answered {answer!r}")
        return seconds

    def flood(self) -> tuple[float, float]:
        """(wall seconds, the server's CPU seconds) of requests that are sent as fast as they go."""
        wall, cpu, failed = exchange(self, [self.request() for _ in range(PIPELINED)])
        if failed:
            raise SystemExit(f"{self.process.args!r} refused {failed} requests")
        return wall, cpu


def content_length(head: bytes) -> int:
    """Whatever other headers there are, as pygls sends the type first."""
    lines = dict(line.split(b":", 1) for line in head.lower().split(b"\r\n"))
    return int(lines[b"content-length"])


@contextmanager
def commands() -> Iterator[dict[str, list[str | Path]]]:
    """How each server is started; a peer that cannot be installed is left out."""
    found: dict[str, list[str | Path]] = {"trimtab": [BINARY, "serve"]}
    with tempfile.TemporaryDirectory() as folder:
        pygls = peer_python("pygls")
        if pygls:
            found["pygls 2.1.1"] = [pygls, HERE / "peers" / "pygls_sessions.py"]
        node, source = shutil.which("node"), peer_python("vscode")
        if node and source:
            version = subprocess.check_output([source, "-c", LIBRARY, folder], text=True, env={
                **os.environ, "PYTHONPATH": str(HERE.parent / "IntegrationTests")}).strip()
            found[f"vscode-jsonrpc {version}"] = [node, HERE / "peers" / "vscode_sessions.js", folder]
        yield found


def echo(report: Report, full: bool) -> None:
    """All servers by turns, so that a busy machine disturbs them alike."""
    with commands() as starts:
        servers = {name: Echo(command) for name, command in starts.items()}
        trips: dict[str, list[float]] = {name: [] for name in servers}
        floods: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
        for turn in range(TURNS + 1):
            for name in list(servers)[:: 1 if turn % 2 else -1]:
                times, flood = [servers[name].ask() for _ in range(REQUESTS)], servers[name].flood()
                if turn:  # the first warms up the peers' compilers
                    trips[name].append(statistics.median(times))
                    floods[name].append(flood)
        for server in servers.values():
            assert server.process.stdin is not None
            server.process.stdin.close()
            server.process.wait()
    ours = "trimtab"
    for name in servers:
        aim = "" if name == ours else "ratio >= 10" if "pygls" in name else "ratio >= 2"
        rate = {one: PIPELINED / statistics.median(wall for wall, _ in floods[one]) for one in (ours, name)}
        cpu = {one: sum(seconds for _, seconds in floods[one]) / (TURNS * PIPELINED) for one in (ours, name)}
        trip = {one: statistics.median(trips[one]) for one in (ours, name)}
        report.add(f"{name}: round trip, median", 1e6 * trip[name], "us", aim,
                   f"ratio {trip[name] / trip[ours]:.1f}; {TURNS} turns of {REQUESTS}")
        report.add(f"{name}: pipelined", rate[name], "requests/s", aim,
                   f"ratio {rate[ours] / rate[name]:.1f}; median of {TURNS} turns of {PIPELINED}")
        report.add(f"{name}: server CPU of a pipelined request", 1e6 * cpu[name], "us", aim,
                   f"ratio {cpu[name] / cpu[ours]:.1f}")
