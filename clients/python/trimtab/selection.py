"""Ask and tell: `pool.next_trial()` gives a trial, `trial.update(...)` says whether it goes on. For both clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

from .answers import Assignment, TrialDecision, TrialEnded, NoTrial
from .methods import Request

if TYPE_CHECKING:
    from .asynchronous import AsyncSession
    from .blocking import Session


class _Trial:
    """One assignment under way; its fields stand in `assignment`."""

    def __init__(self, session: Any, assignment: Assignment) -> None:
        self._session, self.assignment, self.number = session, assignment, assignment.trial
        self.candidate, self.resume, self.gpus = assignment.candidate, assignment.resume, assignment.gpus
        self.from_fraction, self.to_fraction = assignment.from_fraction, assignment.to_fraction

    def _update(self, step: int, score: float, fields: Mapping[str, Any]) -> Request[TrialDecision]:
        return self._session.request.update_trial(self.number, step, score, **fields)  # type: ignore[no-any-return]

    def _fail(self, kind: str, message: Optional[str], memory_bytes: Optional[int]) -> Request[TrialEnded]:
        return self._session.request.fail_trial(  # type: ignore[no-any-return]
            self.number, kind, message=message, memory_bytes=memory_bytes)

    def tell(self, step: int, score: float, **fields: Any) -> None:
        """Reports as a notification; the decision comes to `on_notification` as `trial/decided`."""
        request = self._update(step, score, fields)
        self._session.notify(request.method, request.params)


class Trial(_Trial):
    def update(self, step: int, score: float, **fields: Any) -> TrialDecision:
        """Reports a score at a step; `data_fraction` or `sample_count`, and what else `update_trial` takes."""
        return self._session.call(self._update(step, score, fields))  # type: ignore[no-any-return]

    def fail(self, kind: str, *, message: Optional[str] = None, memory_bytes: Optional[int] = None) -> TrialEnded:
        """Ends the trial: "failed", "lost", "outOfMemory" or "paused"."""
        return self._session.call(self._fail(kind, message, memory_bytes))  # type: ignore[no-any-return]


class AsyncTrial(_Trial):
    async def update(self, step: int, score: float, **fields: Any) -> TrialDecision:
        """As `Trial.update`."""
        return await self._session.call(self._update(step, score, fields))  # type: ignore[no-any-return]

    async def fail(self, kind: str, *, message: Optional[str] = None, memory_bytes: Optional[int] = None) -> TrialEnded:
        """As `Trial.fail`."""
        return await self._session.call(self._fail(kind, message, memory_bytes))  # type: ignore[no-any-return]


class Pool:
    """The pool of a session, as its workers see it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def next_trial(
        self, worker: Optional[str] = None, *, gpus: Optional[Sequence[str]] = None,
        memory_bytes: Optional[int] = None, elapsed_seconds: Optional[float] = None,
    ) -> Union[Trial, NoTrial]:
        """The next trial, or a `NoTrial`, which is false and says whether the search has `finished`."""
        answer = self._session.call(self._session.request.next_trial(
            worker, gpus=gpus, memory_bytes=memory_bytes, elapsed_seconds=elapsed_seconds))
        return answer if isinstance(answer, NoTrial) else Trial(self._session, answer)


class AsyncPool:
    """As `Pool`, for any number of workers at once."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def next_trial(
        self, worker: Optional[str] = None, *, gpus: Optional[Sequence[str]] = None,
        memory_bytes: Optional[int] = None, elapsed_seconds: Optional[float] = None,
    ) -> Union[AsyncTrial, NoTrial]:
        """As `Pool.next_trial`."""
        answer = await self._session.call(self._session.request.next_trial(
            worker, gpus=gpus, memory_bytes=memory_bytes, elapsed_seconds=elapsed_seconds))
        return answer if isinstance(answer, NoTrial) else AsyncTrial(self._session, answer)
