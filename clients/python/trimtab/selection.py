"""Trials: `pool.next_trial()` gives one, `trial.update(...)` says whether it goes on. For both clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

from . import answers
from .binding import Awaited, Method, Now
from .declared import TrialFailure
from .methods import SessionMethods
from .requests import Request
from .score import Score

if TYPE_CHECKING:
    from .answers import Assignment, NoTrial, TrialDecision, TrialEnded
    from .asynchronous import AsyncSession
    from .blocking import Session


class TrialMethods:
    """One assignment under way; its fields stand in `assignment`."""

    def __init__(self, session: Union[Session, AsyncSession], assignment: Assignment) -> None:
        self._session, self.assignment, self.number = session, assignment, assignment.trial
        self.candidate, self.resume, self.gpus = assignment.candidate, assignment.resume, assignment.gpus
        self.seed = assignment.seed
        self.from_fraction, self.to_fraction = assignment.from_fraction, assignment.to_fraction
        self._run: Any = session.call

    @Method
    def update(
        self, step: int, score: Score, *, data_fraction: Optional[float] = None,
        sample_count: Optional[int] = None, standard_error: Union[float, Mapping[str, float], None] = None,
        example_count: Optional[int] = None, gpu_seconds: Optional[float] = None,
        start_seconds: Optional[float] = None, energy_joules: Optional[float] = None,
        elapsed_seconds: Optional[float] = None, checkpoint: Any = None, last: Optional[bool] = None,
        timeout: Optional[float] = None,
    ) -> Request[TrialDecision]:
        """Reports a score at a step, with exactly one of `data_fraction` and `sample_count`, and says what to do next.

            decision = trial.report(step, accuracy, sample_count=step * batch_size, checkpoint=path)
            if decision.ended:
                break

        `standard_error` of the score, or `example_count` whose mean it is, says how noisy it is. Where the task has
        several metrics, both score and error map their names to numbers: `trial.report(step, {"accuracy": 0.61,
        "latency": 0.2}, ...)`. A score that is not finite says that training has diverged. `start_seconds` passed
        before the trial trained. `report` is another name of this method.
        """
        return SessionMethods.update_trial(
            self._session, self.number, step, score, data_fraction=data_fraction, sample_count=sample_count,
            standard_error=standard_error, example_count=example_count, gpu_seconds=gpu_seconds,
            start_seconds=start_seconds, energy_joules=energy_joules, elapsed_seconds=elapsed_seconds,
            checkpoint=checkpoint, last=last, timeout=timeout)

    report = update

    @Method
    def fail(
        self, kind: TrialFailure, *, message: Optional[str] = None, memory_bytes: Optional[int] = None,
        elapsed_seconds: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Request[TrialEnded]:
        """Ends the trial before the search has decided about it."""
        return SessionMethods.fail_trial(
            self._session, self.number, kind, message=message, memory_bytes=memory_bytes,
            elapsed_seconds=elapsed_seconds, timeout=timeout)

    def update_nowait(
        self, step: int, score: Score, *, data_fraction: Optional[float] = None,
        sample_count: Optional[int] = None, standard_error: Union[float, Mapping[str, float], None] = None,
        example_count: Optional[int] = None, gpu_seconds: Optional[float] = None,
        start_seconds: Optional[float] = None, energy_joules: Optional[float] = None,
        elapsed_seconds: Optional[float] = None, checkpoint: Any = None, last: Optional[bool] = None,
    ) -> None:
        """Reports as a notification; the decision comes to `on_notification` as `trial/decided`."""
        request = SessionMethods.update_trial(
            self._session, self.number, step, score, data_fraction=data_fraction, sample_count=sample_count,
            standard_error=standard_error, example_count=example_count, gpu_seconds=gpu_seconds,
            start_seconds=start_seconds, energy_joules=energy_joules, elapsed_seconds=elapsed_seconds,
            checkpoint=checkpoint, last=last)
        self._session.notify(request.method, request.params)


class Trial(TrialMethods, Now):
    """A trial of a blocking client."""


class AsyncTrial(TrialMethods, Awaited):
    """A trial of an asyncio client."""


class Pool:
    """The pool of a session, as its workers see it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def next_trial(
        self, worker: Optional[str] = None, *, gpus: Optional[Sequence[str]] = None,
        memory_bytes: Optional[int] = None, elapsed_seconds: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Union[Trial, NoTrial]:
        """The next trial, or a `NoTrial`, which is false and says whether the search has `finished`."""
        answer = self._session.next_trial(
            worker, gpus=gpus, memory_bytes=memory_bytes, elapsed_seconds=elapsed_seconds,
            timeout=timeout)
        return answer if isinstance(answer, answers.NoTrial) else Trial(self._session, answer)


class AsyncPool:
    """As `Pool`, for any number of workers at once."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def next_trial(
        self, worker: Optional[str] = None, *, gpus: Optional[Sequence[str]] = None,
        memory_bytes: Optional[int] = None, elapsed_seconds: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Union[AsyncTrial, NoTrial]:
        """As `Pool.next_trial`."""
        answer = await self._session.next_trial(
            worker, gpus=gpus, memory_bytes=memory_bytes, elapsed_seconds=elapsed_seconds,
            timeout=timeout)
        return answer if isinstance(answer, answers.NoTrial) else AsyncTrial(self._session, answer)
