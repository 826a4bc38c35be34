"""Jobs while they run: stragglers and measured iterations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Optional

from .. import answers
from ..answers.wire import to_wire
from ..binding import Method
from ..requests import Request
from .base import Numbers, OfSession

if TYPE_CHECKING:
    from ..answers import MeasuredIteration, PlanSetting


class JobMethods(OfSession):
    @Method
    def report_straggler(
        self, pipeline: str, *, replica: Optional[int] = None, rank: Optional[int] = None,
        global_rank: Optional[int] = None, slowdown_fraction: Optional[float] = None,
        iteration_time_seconds: Optional[float] = None,
        busy_times_seconds: Optional[Numbers] = None,
        rank_slowdown_fractions: Optional[Numbers] = None, plan: Optional[int] = None,
        generation: Optional[int] = None, tolerance_fraction: Optional[float] = None, ended: Optional[bool] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.StragglerReported]:
        """Exactly one of `slowdown_fraction`, `iteration_time_seconds`, `busy_times_seconds`,
        `rank_slowdown_fractions` and `ended`. What changes comes as `plan/changed`: see `plan_changed`.

            session.report_straggler("gpt-7", slowdown_fraction=0.2)
        """
        return self._request(
            "straggler/report", answers.StragglerReported, pipeline=pipeline, replica=replica, rank=rank,
            global_rank=global_rank, slowdown_fraction=slowdown_fraction, iteration_time_seconds=iteration_time_seconds,
            busy_times_seconds=busy_times_seconds, rank_slowdown_fractions=rank_slowdown_fractions, plan=plan,
            generation=generation, tolerance_fraction=tolerance_fraction, ended=ended, timeout=timeout)

    @Method
    def job(self, job: str, *, timeout: Optional[float] = None) -> Request[answers.Job]:
        """What each pipeline of a job runs now.

        Example:

            session.job("training").pipelines
        """
        return self._request("job/get", answers.Job, job=job, timeout=timeout)

    @Method
    def report_iterations(
        self, pipeline: str, iterations: Iterable[MeasuredIteration], *, plan: Optional[int] = None,
        generation: Optional[int] = None, settings: Optional[Iterable[PlanSetting]] = None,
        adopt: Optional[bool] = None, forget: Optional[bool] = None, timeout: Optional[float] = None,
    ) -> Request[answers.ModelReview]:
        """How long iterations of a plan really lasted; the current plan without `plan` or `settings`.

        From three iterations on, better of several plans, it says by what the machine differs from the model, and
        frontiers are computed with that corrected unless `adopt` is false.

            session.report_iterations("gpt", [MeasuredIteration(3.21), MeasuredIteration(3.19)])
        """
        return self._request(
            "iteration/report", answers.ModelReview, pipeline=pipeline, plan=plan, generation=generation,
            settings=None if settings is None else [to_wire(one) for one in settings],
            iterations=[to_wire(one) for one in iterations], adopt=adopt, forget=forget, timeout=timeout)
