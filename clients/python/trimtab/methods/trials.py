"""Trials of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional, SupportsFloat, Union

from .. import answers
from ..answers.wire import reader
from ..binding import Method
from ..declared import TrialFailure
from ..requests import Request
from ..score import Score, spelled
from .base import OfSession


class SearchTrialMethods(OfSession):
    @Method
    def next_trial(
        self, worker: Optional[str] = None, *, gpus: Optional[Sequence[str]] = None,
        memory_bytes: Optional[int] = None, elapsed_seconds: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Request[Union[answers.Assignment, answers.NoTrial]]:
        """What this worker trains next, or why there is nothing for it now.

        Example:

            session.next_trial("worker0", gpus=["0"])
        """
        request = self._request(
            "trial/next", None, worker=worker, gpus=None if gpus is None else list(gpus), memory_bytes=memory_bytes,
            elapsed_seconds=elapsed_seconds)
        return Request(request.method, request.params, _read_next_trial, timeout=timeout)

    @Method
    def update_trial(
        self, trial: int, step: int, score: Optional[Score] = None, *, data_fraction: Optional[float] = None,
        sample_count: Optional[int] = None, scores: Optional[Mapping[str, SupportsFloat]] = None,
        standard_error: Union[float, Mapping[str, float], None] = None,
        standard_errors: Optional[Mapping[str, float]] = None,
        example_count: Optional[int] = None, gpu_seconds: Optional[float] = None,
        start_seconds: Optional[float] = None, energy_joules: Optional[float] = None,
        elapsed_seconds: Optional[float] = None, checkpoint: Any = None, last: Optional[bool] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.TrialDecision]:
        """A score that is not finite says that training has diverged; one of `standard_error` and `example_count` says
        how noisy it is. Where the task has several metrics, `scores` and `standard_errors` map their names to numbers;
        a mapping may also be given as `score` or `standard_error`. `start_seconds` passed before the trial trained; a
        search that knows them makes fewer and longer trials.

        Example:

            session.update_trial(7, 500, 0.61, data_fraction=0.25, checkpoint="/saved/7-500")
        """
        if isinstance(score, Mapping):
            score, scores = None, score
        return self._request(
            "trial/update", answers.TrialDecision, trial=trial, step=step,
            score=None if score is None else spelled(score),
            scores=None if scores is None else {name: spelled(one) for name, one in scores.items()},
            data_fraction=data_fraction, sample_count=sample_count,
            standard_error=None if isinstance(standard_error, Mapping) else standard_error,
            standard_errors=dict(standard_error) if isinstance(standard_error, Mapping) else standard_errors,
            example_count=example_count, gpu_seconds=gpu_seconds, start_seconds=start_seconds,
            energy_joules=energy_joules, elapsed_seconds=elapsed_seconds, checkpoint=checkpoint, last=last,
            timeout=timeout)

    @Method
    def fail_trial(
        self, trial: int, kind: TrialFailure, *, message: Optional[str] = None, memory_bytes: Optional[int] = None,
        elapsed_seconds: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Request[answers.TrialEnded]:
        """Ends a trial that reaches no decision of the search.

        Example:

            session.fail_trial(7, "outOfMemory", message="tried to allocate 20 GiB")
        """
        return self._request(
            "trial/fail", answers.TrialEnded, trial=trial, kind=kind, message=message, memory_bytes=memory_bytes,
            elapsed_seconds=elapsed_seconds, timeout=timeout)

    @Method
    def trials(
        self, *, open_only: Optional[bool] = None, offset: Optional[int] = None, limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.TrialPage]:
        """The trials with their workers and checkpoints, a page at a time; also which checkpoints may be deleted.

        Example:

            session.trials(open_only=True).trials.to_frame()
        """
        return self._request(
            "trial/list", answers.TrialPage, open_only=open_only, offset=offset, limit=limit, timeout=timeout)


def _read_next_trial(wire: Mapping[str, Any]) -> Union[answers.Assignment, answers.NoTrial]:
    given = "trial" in wire
    read = reader(answers.Assignment if given else answers.NoTrial)
    assert read is not None
    return read(wire if given else wire["wait"])  # type: ignore[no-any-return]
