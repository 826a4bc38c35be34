"""What `trimtab mcp` adds to a request: `bench.py --only assistants`."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import time
from typing import Any

from harness import BINARY, MODELLED, Report

TURNS, CALLS = 10, 300
PIPELINE = {"session": "s", "pipeline": "gpt"}
DEFINED = {**PIPELINE, "schedule": "1f1b", "stages": 8, "microbatches": 24, "blockingPowerWatts": 95}
PROFILE = MODELLED / "modelled-h100-8stage.csv"
ENVELOPE = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"}}


class Lines:
    """A server with a message on each line."""

    def __init__(self, command: str) -> None:
        self.process = subprocess.Popen([BINARY, command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.number = 0

    def ask(self, method: str, params: dict[str, Any]) -> float:
        """Seconds of one round trip; writing and reading JSON in Python is not among them."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.number += 1
        line = json.dumps({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}).encode() + b"\n"
        begin = time.perf_counter()
        os.write(self.process.stdin.fileno(), line)
        answer = self.process.stdout.readline()
        while b'"method"' in answer[:40]:  # a push before the answer
            answer = self.process.stdout.readline()
        seconds = time.perf_counter() - begin
        if b'"result"' not in answer or b'"isError":true' in answer:
            raise SystemExit(f"{method} answered {answer[:300]!r}")
        return seconds

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def assistants(report: Report, full: bool) -> None:
    """The same question as a tool call and as a request, by turns: the difference is the overhead of the call."""
    plain, tools = Lines("serve"), Lines("mcp")
    text = PROFILE.read_text()
    questions = ("frontier/query", {**PIPELINE, "slowdownFraction": 0.05}), ("session/list", {})
    calls = ("query_frontier", {**PIPELINE, "slowdownFraction": 0.05}), ("list_sessions", {})
    plain.ask("initialize", {})
    plain.ask("session/open", {"session": "s"})
    plain.ask("pipeline/define", DEFINED)
    plain.ask("profile/submit", {**PIPELINE, "csvText": text})
    plain.ask("frontier/characterize", PIPELINE)
    tools.ask("tools/call", called("characterize_profile", {**DEFINED, "csvText": text}))
    times: dict[str, list[float]] = {name: [] for name, _ in (*questions, *calls)}
    for turn, ((method, params), (tool, arguments)) in itertools.product(range(TURNS + 1), zip(questions, calls)):
        ways = [(method, plain, method, params), (tool, tools, "tools/call", called(tool, arguments))]
        for name, server, asked, given in ways[:: 1 if turn % 2 else -1]:
            trips = [server.ask(asked, given) for _ in range(CALLS)]
            if turn:  # the first warms up
                times[name].append(statistics.median(trips))
    for (method, _), (tool, _) in zip(questions, calls):
        request, call = (1e6 * statistics.median(times[name]) for name in (method, tool))
        report.add(f"mcp: {tool} beyond {method}", call - request, "us", "< 200",
                   f"{call:.1f} and {request:.1f} us, medians of {TURNS} turns of {CALLS}")
    plain.close()
    tools.close()


def called(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"_meta": ENVELOPE, "name": tool, "arguments": arguments}
