"""A campaign of rounds: servers come and go, faults are collected, and a summary says what was seen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TextIO

from .connection import Connection, Fault
from .corpus import REPOSITORY, Corpus
from .messages import MessageFuzzer
from .params import ParamsFuzzer
from .rounds import TOGETHER, Holds, Round, broken_end, messages_round, orderly_end, params_round

ROUNDS_A_SERVER = 10
FAULTS_KEPT = 20


@dataclass(frozen=True)
class Found:
    """A fault, and the round that shows it again."""

    round: str
    text: str
    file: Path


class Campaign:
    """Rounds of one seed against one binary."""

    def __init__(self, binary: str, seed: int, folder: Path, progress: TextIO | None = None) -> None:
        self.faults: list[Found] = []
        self.holds, self.sent, self.seconds, self.peak_bytes = Holds(), {"messages": 0, "params": 0}, 0.0, 0
        self._binary, self._seed, self._folder, self._progress = binary, seed, folder, progress
        self._corpus = Corpus.load()
        self._params, self._messages = ParamsFuzzer(self._corpus), MessageFuzzer(self._corpus)
        self._connection: Connection | None = None

    def run(self, kind: str, count: int) -> None:
        """Rounds until `count` mutated messages have been sent, or too many faults are known."""
        number, told = 0, time.monotonic()
        while self.sent[kind] < count and len(self.faults) < FAULTS_KEPT:
            self.run_round(kind, number)
            number += 1
            if self._progress and time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"  {kind}: {self.sent[kind]:,}, {len(self.faults)} faults, longest hold "
                      f"{1e3 * max(self.holds.longest.values(), default=0.0):.1f} ms", file=self._progress, flush=True)
        self._drop()

    def run_round(self, kind: str, number: int) -> None:
        """One round; at regular intervals the server ends, one way or the other, and a new one begins."""
        random, begin = Random(f"{self._seed}/{kind}/{number}"), time.monotonic()
        if self._connection is None:
            self._connection = self._start(random, kind)
        connection = self._connection
        round = Round(connection, random, self.holds)
        try:
            connection.initialize([str(REPOSITORY / "fixtures")])
            if kind == "params":
                params_round(round, self._corpus, self._params)
            else:
                messages_round(round, self._messages)
            self.peak_bytes = max(self.peak_bytes, connection.peak_bytes())
            if number % ROUNDS_A_SERVER == ROUNDS_A_SERVER - 1:
                ends = (orderly_end,) if connection.lines else (orderly_end, broken_end)
                random.choice(ends)(round)
                self._drop()
        except Fault as fault:
            self._keep(f"{kind}-{number}", str(fault), round.sent)
            self._drop()
        self.sent[kind] += round.mutated
        self.seconds += time.monotonic() - begin

    def summary(self) -> str:
        """What was sent and seen."""
        holds = sorted(self.holds.longest.items(), key=lambda item: -item[1])
        rate = sum(self.sent.values()) / max(self.seconds, 1e-9)
        lines = [f"{self.sent['messages']:,} mutated messages and {self.sent['params']:,} mutated params",
                 f"{rate:,.0f} messages a second; peak memory {self.peak_bytes / 2**20:.0f} MiB",
                 "longest hold of the loop for one message, CPU ms of its thread:"]
        lines += [f"  {1e3 * seconds:8.2f}  {method}" for method, seconds in holds[:10]]
        lines += [f"  {1e3 * self.holds.together:8.2f}  for up to {TOGETHER} together"]
        lines += [f"FAULT in {found.round}, FUZZ_SEED={self._seed} FUZZ_ROUND={found.round}: {found.text}\n"
                  f"  its messages: {found.file}" for found in self.faults]
        return "\n".join(lines + [f"{len(self.faults)} faults"])

    def _start(self, random: Random, kind: str) -> Connection:
        framing = "lines" if kind == "messages" and random.random() < 0.3 else "headers"
        return Connection(self._binary, framing)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _keep(self, name: str, text: str, sent: list[bytes]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / f"fuzz-{self._seed}-{name}.txt"
        file.write_bytes(b"".join(b"%d\n%s\n" % (len(body), body) for body in sent))
        self.faults.append(Found(name, text, file))
        if self._progress:
            print(f"  FAULT in {name}: {text}", file=self._progress, flush=True)
