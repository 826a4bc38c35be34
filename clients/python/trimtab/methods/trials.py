"""Trials of a search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

from .. import answers
from ..answers.wire import reader
from ..binding import Method
from ..declared import TrialFailure
from ..requests import Request
from .base import OfSession


class SearchTrialMethods(OfSession):
    @Method
    def next_trial(
        self, worker: Optional[str] = None, *, gpus: Optional[Sequence[str]] = None,
        memory_bytes: Optional[int] = None, elapsed_seconds: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Request[Union[answers.Assignment, answers.NoTrial]]:
        """What this worker trains next, or why there is nothing for it now."""
        request = self._request(
            "trial/next", None, worker=worker, gpus=None if gpus is None else list(gpus), memory_bytes=memory_bytes,
            elapsed_seconds=elapsed_seconds)
        return Request(request.method, request.params, _read_next_trial, timeout=timeout)

    @Method
    def update_trial(
        self, trial: int, step: int, score: float, *, data_fraction: Optional[float] = None,
        sample_count: Optional[int] = None, gpu_seconds: Optional[float] = None,
        energy_joules: Optional[float] = None, elapsed_seconds: Optional[float] = None, checkpoint: Any = None,
        last: Optional[bool] = None, timeout: Optional[float] = None,
    ) -> Request[answers.TrialDecision]:
        """A score that is not finite says that training has diverged."""
        return self._request(
            "trial/update", answers.TrialDecision, trial=trial, step=step, score=spelled(score),
            data_fraction=data_fraction, sample_count=sample_count, gpu_seconds=gpu_seconds,
            energy_joules=energy_joules, elapsed_seconds=elapsed_seconds, checkpoint=checkpoint, last=last,
            timeout=timeout)

    @Method
    def fail_trial(
        self, trial: int, kind: TrialFailure, *, message: Optional[str] = None, memory_bytes: Optional[int] = None,
        elapsed_seconds: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Request[answers.TrialEnded]:
        """Ends a trial that reaches no decision of the search."""
        return self._request(
            "trial/fail", answers.TrialEnded, trial=trial, kind=kind, message=message, memory_bytes=memory_bytes,
            elapsed_seconds=elapsed_seconds, timeout=timeout)

    @Method
    def trials(
        self, *, open_only: Optional[bool] = None, offset: Optional[int] = None, limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.TrialPage]:
        """The trials with their workers and checkpoints, a page at a time; also which checkpoints may be deleted."""
        return self._request(
            "trial/list", answers.TrialPage, open_only=open_only, offset=offset, limit=limit, timeout=timeout)


def spelled(score: float) -> Union[float, str]:
    """JSON has no numbers that are not finite; the protocol has words for them."""
    if math.isfinite(score):
        return score
    return "NaN" if math.isnan(score) else "Infinity" if score > 0 else "-Infinity"


_read_assignment, _read_wait = reader(answers.Assignment), reader(answers.NoTrial)


def _read_next_trial(wire: Mapping[str, Any]) -> Union[answers.Assignment, answers.NoTrial]:
    assert _read_assignment is not None and _read_wait is not None
    return _read_assignment(wire) if "trial" in wire else _read_wait(wire["wait"])  # type: ignore[no-any-return]
