"""Profiles a whole job: hands every rank what it measures next, and the server what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..answers import ProfileRow
from .plan import Asked, Sweep
from .profiler import Measured, Profiler

if TYPE_CHECKING:
    from ..blocking import Session


def submit(
    session: Session, pipeline: str, measured: Iterable[Measured], sampling_interval_seconds: float | None = None
) -> None:
    """Submits measurements. A mean of several executions is as good as one that took as long as all of them, so the
    interval of the energy counter is divided by their number, as `profile/submit` asks."""
    rows = [
        ProfileRow(one.stage, one.instruction, one.mhz, one.seconds, one.joules, sampling_interval_seconds=(
            None if sampling_interval_seconds is None else sampling_interval_seconds / one.count))
        for one in measured if one.count]
    if rows:
        session.submit_profile(pipeline, rows=rows)


class Profiling:
    """Drives the profilers of a job; every rank has one and calls `step` after each iteration, until it is true.

    Rank 0 has the session and says what is measured; ranks without one hear it over `torch.distributed`. In a job of
    one process there is nothing to tell. Ranks of one stage, as of tensor parallelism, measure the same: the longest
    time and the mean energy count.

        profiling = Profiling(profiler, session if rank == 0 else None, "gpt", clocks=backend.supported())
        with attach(schedule, profiler):
            while not profiling.step():
                schedule.step(inputs)
    """

    def __init__(
        self, profiler: Profiler, session: Session | None, pipeline: str, *, clocks: Sequence[int], group: Any = None,
        sampling_interval_seconds: float | None = None, **options: Any,
    ) -> None:
        self._profiler, self._session, self._pipeline, self._group = profiler, session, pipeline, group
        self._interval, self._begun, self._ended = sampling_interval_seconds, False, False
        self._source: Asked | Sweep | None = None
        if session is not None:
            self._source = Asked(session, pipeline, clocks, **options)
        self.measured: list[Measured] = []

    def step(self) -> bool:
        """Whether all is measured; exchanges results and assignments when every rank has measured what it was assigned.

        The first call, before an iteration has run, tells nothing: the tables of each rank are learned from that.
        """
        if self._ended or not self._begun:
            self._begun = True
            return self._ended
        own = (self._profiler.pending_count, sorted(self._profiler.tables), self._profiler.take())
        everything = _gather(own, self._group)
        fresh = joined(one for _, _, taken in everything for one in taken)
        self.measured.extend(fresh)
        pending = sum(count for count, _, _ in everything)
        assigned: list[tuple[int, str, int]] = []
        if self._session is not None and self._source is not None:
            submit(self._session, self._pipeline, fresh, self._interval)
            self._source.take(fresh)
            if pending == 0:
                assigned = self._source.next({table for _, tables, _ in everything for table in tables})
        if pending == 0:
            assigned = _told(assigned, self._group)
            self._profiler.assign(one for one in assigned if one[:2] in self._profiler.tables)
            self._ended = not assigned
            if self._ended:
                self._profiler.close()
        return self._ended


def joined(measured: Iterable[Measured]) -> list[Measured]:
    """One measurement for each stage, instruction and clock: the longest time of the ranks, and their mean energy."""
    by_option: dict[tuple[int, str, int], list[Measured]] = {}
    for one in measured:
        by_option.setdefault((one.stage, one.instruction, one.mhz), []).append(one)
    found = []
    for option, ranks in sorted(by_option.items()):
        held = [one for one in ranks if one.count]
        if len(held) == len(ranks):
            seconds, joules = max(one.seconds for one in held), sum(one.joules for one in held) / len(held)
            found.append(Measured(*option, seconds, joules, min(one.count for one in held)))
        else:  # a stage is as fast as its slowest rank, which is not known
            found.append(Measured(*option, 0.0, 0.0, 0))
    return found


def _distributed() -> Any:
    """`torch.distributed` in a job of several ranks, else None."""
    import sys

    if "torch" not in sys.modules:
        return None
    import torch.distributed as distributed

    return distributed if distributed.is_available() and distributed.is_initialized() else None


def _gather(own: Any, group: Any) -> list[Any]:
    distributed = _distributed()
    if distributed is None:
        return [own]
    everything: list[Any] = [None] * distributed.get_world_size(group)
    distributed.all_gather_object(everything, own, group=group)
    return everything


def _told(assigned: list[tuple[int, str, int]], group: Any) -> list[tuple[int, str, int]]:
    distributed = _distributed()
    if distributed is None:
        return assigned
    told: list[Any] = [assigned]
    distributed.broadcast_object_list(told, src=0, group=group)
    found: list[tuple[int, str, int]] = told[0]
    return found
