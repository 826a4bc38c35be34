"""Applies a plan on one rank: asks for the clock of the next instruction when the previous one ends.

The training thread only writes to a queue. A thread of the controller sets clocks, which takes milliseconds, and reads
back what was really set. On a GPU an instruction ends when its kernels do, long after the training thread has launched
them: `fence` gives something to wait for, such as a recorded CUDA event, for which the controller's thread waits.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Protocol

from .backends import ClockBackend, ClockError
from .guard import Guard
from .plan import ClockPlan

if TYPE_CHECKING:
    from ..answers import GPU
    from ..blocking import Session

SETTLE_SECONDS = 0.05  # how long a read-back is tried; clocks follow within some milliseconds


class Fence(Protocol):
    """Something that is over when an instruction is, such as a recorded `torch.cuda.Event`."""

    def synchronize(self) -> None: ...

    def query(self) -> bool: ...


def cuda_fence() -> Fence:
    """An event on the current CUDA stream: over when the kernels launched so far are."""
    import torch

    event: Fence = torch.cuda.Event()
    event.record()  # type: ignore[attr-defined]
    return event


@dataclass(frozen=True)
class ControllerReport:
    """What a controller has done. `request_count`: clocks that were set. `superseded_count`: requests that a later one
    overtook before they were made. `late_count`: instructions that began before their clock had been asked for, because
    the order was not the plan's. `differing_count`: clocks that did not read back as set within 50 ms.

    Latencies are medians from the request until the call returned, and until the clock read back as set.
    """

    request_count: int
    superseded_count: int
    late_count: int
    differing_count: int
    call_seconds: float | None
    latency_seconds: float | None


class Controller:
    """Sets the clocks of one rank by a plan, until `close`; an observer for `attach`.

    Clocks are restored by `close`, at the end of the interpreter, and by a guard process if this process ends in any
    other way. `fence` is needed on GPUs: `Controller(plan, backend, fence=cuda_fence)`.

        with Controller(plan, default_backend(), fence=cuda_fence) as controller, attach(schedule, controller):
            train()
    """

    def __init__(
        self, plan: ClockPlan, backend: ClockBackend, *, fence: Callable[[], Fence] | None = None, guard: bool = True,
        read_back: bool = True,
    ) -> None:
        self._backend, self._fence, self._read_back = backend, fence, read_back
        self._queue: queue.SimpleQueue[tuple[int, Fence | None] | None] = queue.SimpleQueue()
        self._supported = frozenset(backend.supported())
        self._adopted: collections.deque[ClockPlan] = collections.deque(maxlen=1)  # by any thread
        self._clock: int | None = None
        self._superseded = self._late = self._differing = 0
        self._calls: list[float] = []
        self._latencies: list[float] = []
        self._error: BaseException | None = None
        self._closed, self._process, self._position = False, os.getpid(), 0
        self._check(plan)
        self._take(plan)
        self._guard: Guard | None = None
        specification = backend.specification()
        if guard and specification is not None:
            self._guard = Guard(specification)
        atexit.register(self.close)
        try:
            self._set(self._steps[0].mhz)
        except BaseException:
            self.close()
            raise
        self._thread = threading.Thread(target=self._work, name="trimtab clocks", daemon=True)
        self._thread.start()

    def __enter__(self) -> Controller:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # An observer, in the training thread

    def begin(self, stage: int, instruction: str, microbatch: int) -> None:
        """Called before each instruction; one that is not the plan's next has its clock asked for at once."""
        position = self._position
        if self._keys[position] == (stage, instruction, microbatch):
            return
        found = self._places.get((stage, instruction, microbatch))
        if found is None:
            return  # nothing is planned for it, such as an evaluation's
        self._late += 1
        self._position = found
        self._queue.put((self._clocks[found], None))

    def end(self, stage: int, instruction: str, microbatch: int) -> None:
        """Called after each instruction: asks for the clock of the next."""
        position = self._position
        if self._keys[position] != (stage, instruction, microbatch):
            return
        position += 1
        if position == len(self._keys):
            position = 0
            if self._adopted:
                self._take(self._adopted.pop())
        self._position = position
        self._queue.put((self._clocks[position], None if self._fence is None else self._fence()))

    def adopt(self, plan: ClockPlan) -> None:
        """Goes over to another plan with the next iteration, such as after `plan/changed`. From any thread; of two
        plans in one iteration the later counts."""
        self._check(plan)
        self._adopted.append(plan)

    # What it has seen

    @property
    def error(self) -> BaseException | None:
        """Why clocks are no longer set; None while they are. Training goes on at the clock that was set last."""
        return self._error

    def report(self) -> ControllerReport:
        return ControllerReport(
            len(self._calls), self._superseded, self._late, self._differing,
            median(self._calls) if self._calls else None, median(self._latencies) if self._latencies else None)

    def report_latency(self, session: Session, gpu: GPU) -> float | None:
        """Registers a GPU again with the latency that was measured, so that plans count it; None before there is
        one. Pipelines that are defined afterwards use it."""
        latency = self.report().latency_seconds
        if latency is not None:
            session.register_gpus([replace(gpu, switch_latency_seconds=latency)])
        return latency

    def close(self) -> None:
        """Restores the clocks and ends the guard. In a process that was forked off it does nothing."""
        if self._closed or os.getpid() != self._process:
            return
        self._closed = True
        atexit.unregister(self.close)
        if hasattr(self, "_thread"):
            self._queue.put(None)
            self._thread.join()
        try:
            self._backend.reset()
        except ClockError:
            # The guard, which does not hear `done`, tries again when this process ends; without one it is an error.
            if self._guard is None:
                raise
            return
        if self._guard is not None:
            self._guard.release()

    # The controller's thread

    def _work(self) -> None:
        waiting: tuple[int, Fence | None] | None
        while (request := self._queue.get()) is not None:
            self._wait(request[1])
            while True:
                try:
                    waiting = self._queue.get_nowait()
                except queue.Empty:
                    break
                if waiting is None:
                    return
                # A request whose instruction is over too overtakes the one before.
                if waiting[1] is not None and not waiting[1].query():
                    self._try(self._set, request[0])
                    self._wait(waiting[1])
                else:
                    self._superseded += 1
                request = waiting
            self._try(self._set, request[0])

    def _wait(self, fence: Fence | None) -> None:
        if fence is not None:
            self._try(lambda _: fence.synchronize(), 0)

    def _try(self, work: Callable[[int], None], mhz: int) -> None:
        if self._error is not None:
            return
        try:
            work(mhz)
        except Exception as error:
            # Training must not end because a clock cannot be set: `error` and stderr say why.
            self._error = error
            with contextlib.suppress(OSError):
                os.write(2, f"trimtab: clocks are no longer set: {error}\n".encode())

    def _set(self, mhz: int) -> None:
        if mhz in (0, self._clock):
            return
        asked = time.perf_counter()
        self._backend.lock(mhz)
        self._calls.append(time.perf_counter() - asked)
        self._clock = mhz
        if not self._read_back:
            return
        while (clock := self._backend.current()) != mhz:
            if clock is None:
                return
            if time.perf_counter() - asked > SETTLE_SECONDS or not self._queue.empty():
                self._differing += 1
                return
        self._latencies.append(time.perf_counter() - asked)

    # Plans

    def _check(self, plan: ClockPlan) -> None:
        if not plan.steps:
            raise ValueError("the plan has no instruction for this rank")
        for step in plan.steps:
            if self._supported and step.mhz and step.mhz not in self._supported:
                nearest = min(self._supported, key=lambda clock: abs(clock - step.mhz))
                raise ValueError(f"the GPU cannot be locked at {step.mhz} MHz ({step.instruction} of stage "
                                 f"{step.stage}); the nearest clock is {nearest} MHz")

    def _take(self, plan: ClockPlan) -> None:
        self._steps = plan.steps
        self._keys = [step.key for step in plan.steps]
        self._clocks = [step.mhz for step in plan.steps]
        self._places = {key: index for index, key in enumerate(self._keys)}
        self._position = 0
