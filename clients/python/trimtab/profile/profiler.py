"""Measures the instructions of one rank at one clock after another, while the rank trains."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from ..gpu.backends import ClockBackend
from .meters import Meter

Table = tuple[int, str]
SETTLE_SECONDS = 0.5  # how long a clock may take to read back; what runs before that is not measured


@dataclass(frozen=True)
class Measured:
    """A kind of instruction at a clock: the means of `count` executions. A count of 0 says that the GPU could not be
    held at this clock, and nothing was measured."""

    stage: int
    instruction: str
    mhz: int
    seconds: float
    joules: float
    count: int


@dataclass
class _Goal:
    """What a table measures now."""

    mhz: int
    count: int = 0
    seconds: float = 0.0
    joules: float = 0.0
    refused: int = 0


class Profiler:
    """An observer for `attach` that measures what it was assigned, each `executions` times, on one rank.

    Before an instruction it sets its table's clock, waits until that reads back, and meters the instruction, so that
    training is slower meanwhile. Tables without an assignment run at the highest clock and are not measured. Several
    executions even out how coarse counters of energy are.
    """

    def __init__(self, backend: ClockBackend, meter: Meter, *, executions: int = 5) -> None:
        self._backend, self._meter, self._executions = backend, meter, executions
        self._goals: dict[Table, list[_Goal]] = {}
        self._done: list[Measured] = []
        self._clock: int | None = None
        self._measures = False
        self.tables: set[Table] = set()

    def assign(self, measurements: Iterable[tuple[int, str, int]]) -> None:
        """Adds (stage, instruction, clock in MHz) to what is to be measured."""
        for stage, instruction, mhz in measurements:
            self._goals.setdefault((stage, instruction), []).append(_Goal(mhz))

    @property
    def pending_count(self) -> int:
        """Assignments that are not measured yet."""
        return sum(map(len, self._goals.values()))

    def take(self) -> list[Measured]:
        """What has been measured since the last call."""
        taken, self._done = self._done, []
        return taken

    def close(self) -> None:
        """Restores the clock."""
        self._backend.reset()
        self._clock = None

    def begin(self, stage: int, instruction: str, microbatch: int) -> None:
        table = (stage, instruction)
        self.tables.add(table)
        goals = self._goals.get(table)
        wanted = goals[0].mhz if goals else max(self._backend.supported(), default=0)
        held = self._set(wanted)
        self._measures = held and bool(goals)
        if self._measures:
            self._meter.begin()
        elif goals:
            goals[0].refused += 1
            if goals[0].refused >= self._executions:
                self._done.append(Measured(stage, instruction, goals.pop(0).mhz, 0.0, 0.0, 0))

    def end(self, stage: int, instruction: str, microbatch: int) -> None:
        if not self._measures:
            return
        seconds, joules = self._meter.end()
        goals = self._goals[stage, instruction]
        goal = goals[0]
        goal.count, goal.seconds, goal.joules = goal.count + 1, goal.seconds + seconds, goal.joules + joules
        if goal.count >= self._executions:
            self._done.append(Measured(stage, instruction, goal.mhz, goal.seconds / goal.count,
                                       goal.joules / goal.count, goal.count))
            goals.pop(0)

    def _set(self, mhz: int) -> bool:
        """Sets a clock; false where it does not read back in time."""
        if mhz in (0, self._clock):
            return True
        self._backend.lock(mhz)
        self._clock = mhz
        deadline = time.perf_counter() + SETTLE_SECONDS
        while self._backend.current() not in (mhz, None):
            if time.perf_counter() > deadline:
                # The GPU is held back, by heat or a cap of power: what it does now is no measurement of this clock.
                self._clock = None
                return False
        return True
