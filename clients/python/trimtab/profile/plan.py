"""What to measure next: what the server says (`profile/next`), else a sweep from the highest clock down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..errors import MethodNotFound
from ..requests import Request
from .profiler import Measured, Table

if TYPE_CHECKING:
    from ..blocking import Session

RISES = 5


def energy_rises(joules_by_clock: Mapping[int, float], rises: int = RISES) -> bool:
    """Whether energy has risen `rises` times in a row at the lowest clocks measured: lower ones cost time and save
    nothing."""
    energies = [joules for _, joules in sorted(joules_by_clock.items(), reverse=True)][-rises - 1:]
    return len(energies) == rises + 1 and all(before < after for before, after in pairwise(energies))


class Sweep:
    """Every clock from the highest down, a table at a time until its energy has risen five times in a row."""

    def __init__(self, clocks: Iterable[int], rises: int = RISES) -> None:
        self._clocks, self._rises = sorted(clocks, reverse=True), rises
        self._joules: dict[Table, dict[int, float]] = {}
        self._refused: set[tuple[int, str, int]] = set()

    def take(self, measured: Iterable[Measured]) -> None:
        """Takes measurements in."""
        for one in measured:
            if one.count:
                self._joules.setdefault((one.stage, one.instruction), {})[one.mhz] = one.joules
            else:
                self._refused.add((one.stage, one.instruction, one.mhz))

    def next(self, tables: Iterable[Table]) -> list[tuple[int, str, int]]:
        """The next clock of each table that has not ended."""
        found = []
        for table in sorted(tables):
            known = self._joules.get(table, {})
            left = [clock for clock in self._clocks if clock not in known and (*table, clock) not in self._refused]
            if left and not energy_rises(known, self._rises):
                found.append((*table, left[0]))
        return found


class Asked:
    """What the server names, by the regret that each measurement is expected to save; a sweep where it has no
    `profile/next`."""

    def __init__(self, session: Session, pipeline: str, clocks: Sequence[int], **options: Any) -> None:
        self._session, self._pipeline, self._clocks, self._options = session, pipeline, list(clocks), options
        self._sweep: Sweep | None = None
        self._seen: list[Measured] = []

    @property
    def asks(self) -> bool:
        """Whether the server is asked; false once it has turned out not to have the method."""
        return self._sweep is None

    def take(self, measured: Iterable[Measured]) -> None:
        """Takes measurements in; the server has been given them by `submit`."""
        taken = list(measured)
        self._seen.extend(taken)
        if self._sweep is not None:
            self._sweep.take(taken)

    def next(self, tables: Iterable[Table]) -> list[tuple[int, str, int]]:
        """What to measure next; nothing where no measurement is worth its time."""
        if self._sweep is None:
            params = {"session": self._session.name, "pipeline": self._pipeline, "frequencies": self._clocks,
                      **self._options}
            try:
                answer: Mapping[str, Any] = self._session.call(Request("profile/next", params))
            except MethodNotFound:
                self._sweep = Sweep(self._clocks)
                self._sweep.take(self._seen)
            else:
                if answer["sufficient"]:
                    return []
                refused = {(one.stage, one.instruction, one.mhz) for one in self._seen if not one.count}
                named = [(one["stage"], one["instruction"], one["frequency"]) for one in answer["measurements"]]
                return [one for one in named if one not in refused]
        return self._sweep.next(tables)
