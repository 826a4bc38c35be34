"""What `trimtab record` costs a conversation: `bench.py --only record`."""

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from harness import BINARY, Report

TURNS, REQUESTS = 20, 500
FLOOD = 400_000


class Echo:
    """A connection to a server, of which round trips are measured."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.ask({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}})

    def ask(self, message: dict[str, object]) -> float:
        """Seconds of one round trip."""
        assert self.process.stdin is not None and self.process.stdout is not None
        line = json.dumps(message).encode() + b"\n"
        start = time.perf_counter()
        self.process.stdin.write(line)
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.process.stdout.read(1 << 16) or b"\n"
        return time.perf_counter() - start

    def turn(self) -> float:
        """The median of some round trips."""
        request: dict[str, object] = {"jsonrpc": "2.0", "id": 1, "method": "session/list", "params": {}}
        return statistics.median(self.ask(request) for _ in range(REQUESTS))

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def record(report: Report, full: bool) -> None:
    """Round trips with and without a recorder between, in turns; then a flood of notifications."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.transcript"
        recorder = [str(BINARY), "record", "--out", str(out), "--"]
        plain, recorded = Echo([str(BINARY), "serve"]), Echo([*recorder, str(BINARY), "serve"])
        pairs = [(plain.turn(), recorded.turn()) for _ in range(TURNS)]
        plain.close()
        recorded.close()
        assert out.read_text().count("session/list") >= TURNS * REQUESTS
        added = statistics.median(after - before for before, after in pairs)
        report.add("round trip: added by trimtab record", added * 1e6, "us", "30",
                   f"median of {TURNS} turns; {statistics.median(a for a, _ in pairs) * 1e6:.1f} us without")

        lines = b"".join(b'{"jsonrpc":"2.0","method":"m","params":[%d]}\n' % index for index in range(FLOOD))
        start = time.perf_counter()
        done = subprocess.run([*recorder, "cat"], input=lines, capture_output=True, check=True)
        seconds = time.perf_counter() - start
        kept = out.read_bytes().count(b'"method":"m"')
        assert done.stdout == lines
        report.add("messages through trimtab record, both directions recorded", 2 * FLOOD / seconds, "1/s", "100000",
                   f"{2 * FLOOD - kept} of {2 * FLOOD} lost")
