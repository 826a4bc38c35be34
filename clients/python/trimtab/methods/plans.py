"""Plans: their clocks, timelines, uncertainty and prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Optional

from .. import answers
from ..answers.wire import to_wire
from ..binding import Method
from ..declared import Objective, Resampling
from ..requests import Progress, Request
from .base import OfSession

if TYPE_CHECKING:
    from ..answers import PlanSetting


class PlanMethods(OfSession):
    @Method
    def plan(
        self, pipeline: str, *, plan: Optional[int] = None, deadline_seconds: Optional[float] = None,
        slowdown_fraction: Optional[float] = None, energy_budget_joules: Optional[float] = None,
        average_power_watts: Optional[float] = None, average_device_power_watts: Optional[float] = None,
        peak_power_watts: Optional[float] = None,
        objective: Optional[Objective] = None, straggler_time_seconds: Optional[float] = None,
        generation: Optional[int] = None, stage: Optional[int] = None, rank: Optional[int] = None,
        global_rank: Optional[int] = None, miss_fraction: Optional[float] = None,
        resampling: Optional[Resampling] = None, timeout: Optional[float] = None,
    ) -> Request[answers.PlanDetail]:
        """A plan's clocks by its number, or by any selector of `query`; of all stages, or of a stage or rank.

        Example:

            session.plan("gpt", slowdown_fraction=0.05, rank=3).stages
        """
        return self._request(
            "plan/get", answers.PlanDetail, pipeline=pipeline, plan=plan, deadline_seconds=deadline_seconds,
            slowdown_fraction=slowdown_fraction, energy_budget_joules=energy_budget_joules,
            average_power_watts=average_power_watts, average_device_power_watts=average_device_power_watts,
            peak_power_watts=peak_power_watts,
            objective=objective, straggler_time_seconds=straggler_time_seconds, generation=generation, stage=stage,
            rank=rank, global_rank=global_rank, miss_fraction=miss_fraction, resampling=resampling, timeout=timeout)

    @Method
    def evaluate(
        self, pipeline: str, settings: Iterable[PlanSetting], *, generation: Optional[int] = None,
        timeline: Optional[bool] = None, picture: Optional[bool] = None, timeout: Optional[float] = None,
    ) -> Request[answers.PlanEvaluation]:
        """What any plan does: a frequency for every instruction, beside the frontier.

        Example:

            session.evaluate("gpt", [PlanSetting(stage=0, instruction="forward", frequency=1410)])
        """
        return self._request(
            "plan/evaluate", answers.PlanEvaluation, pipeline=pipeline, settings=[to_wire(one) for one in settings],
            generation=generation, timeline=timeline, picture=picture, timeout=timeout)

    @Method
    def variants(
        self, variants: Mapping[str, float], *, deadline_seconds: Optional[float] = None,
        slowdown_fraction: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Request[answers.VariantPlans]:
        """A plan for each of several kinds of iterations that take turns: `variants` says how often each pipeline runs,
        and the target is for the mean iteration.

            session.variants({"short": 0.8, "long": 0.2}, slowdown_fraction=0.05)
        """
        return self._request(
            "plan/variants", answers.VariantPlans,
            variants=[{"pipeline": pipeline, "weight": weight} for pipeline, weight in variants.items()],
            deadline_seconds=deadline_seconds, slowdown_fraction=slowdown_fraction, timeout=timeout)

    @Method
    def uncertainty(
        self, pipeline: str, *, plan: Optional[int] = None, generation: Optional[int] = None,
        deadline_seconds: Optional[float] = None, slowdown_fraction: Optional[float] = None,
        energy_budget_joules: Optional[float] = None, average_power_watts: Optional[float] = None,
        average_device_power_watts: Optional[float] = None,
        peak_power_watts: Optional[float] = None, objective: Optional[Objective] = None,
        resample_count: Optional[int] = None, confidence_fraction: Optional[float] = None,
        straggler_time_seconds: Optional[float] = None, resampling: Optional[Resampling] = None,
        progress: Optional[Progress] = None, timeout: Optional[float] = None,
    ) -> Request[answers.PlanUncertainty]:
        """How far measurement noise lets a plan's outcome be off: `resampling` "options" says how well it is known,
        "executions" how iterations differ. A deadline beside `plan` is the one it may miss.

            session.uncertainty("gpt", deadline_seconds=3.3, resample_count=200)
        """
        return self._long(
            progress, timeout, "plan/uncertainty", answers.PlanUncertainty, pipeline=pipeline, plan=plan,
            generation=generation, deadline_seconds=deadline_seconds, slowdown_fraction=slowdown_fraction,
            energy_budget_joules=energy_budget_joules, average_power_watts=average_power_watts,
            average_device_power_watts=average_device_power_watts,
            peak_power_watts=peak_power_watts, objective=objective, resample_count=resample_count,
            confidence_fraction=confidence_fraction, straggler_time_seconds=straggler_time_seconds,
            resampling=resampling)

    @Method
    def series(
        self, pipeline: str, *, prices: Iterable[tuple[float, float]], end_seconds: float,
        iteration_count: Optional[float] = None, iterations_per_second: Optional[float] = None,
        value_per_iteration: Optional[float] = None, unit: Optional[str] = None, may_pause: Optional[bool] = None,
        paused_power_watts: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Request[answers.PlanSeries]:
        """A plan for each interval of `prices`, pairs of start in seconds and price per joule. Exactly one goal.

        Example:

            session.series("gpt", prices=[(0.0, 8e-8), (3600.0, 5e-8)], end_seconds=7200.0, iteration_count=2000)
        """
        return self._request(
            "plan/series", answers.PlanSeries, pipeline=pipeline, end_seconds=end_seconds, unit=unit,
            prices=[{"startSeconds": start, "pricePerJoule": price} for start, price in prices],
            iteration_count=iteration_count, iterations_per_second=iterations_per_second,
            value_per_iteration=value_per_iteration, may_pause=may_pause, paused_power_watts=paused_power_watts,
            timeout=timeout)

    @Method
    def timeline(
        self, pipeline: str, *, plan: Optional[int] = None, deadline_seconds: Optional[float] = None,
        slowdown_fraction: Optional[float] = None, energy_budget_joules: Optional[float] = None,
        average_power_watts: Optional[float] = None, average_device_power_watts: Optional[float] = None,
        peak_power_watts: Optional[float] = None,
        objective: Optional[Objective] = None, straggler_time_seconds: Optional[float] = None,
        generation: Optional[int] = None, picture: Optional[bool] = None, miss_fraction: Optional[float] = None,
        resampling: Optional[Resampling] = None, timeout: Optional[float] = None,
    ) -> Request[answers.Timeline]:
        """A plan laid out in time, rank by rank; with `picture` as SVG too, above it at the highest clocks.

        Example:

            session.timeline("gpt", deadline_seconds=3.3, picture=True)
        """
        return self._request(
            "plan/timeline", answers.Timeline, pipeline=pipeline, plan=plan, deadline_seconds=deadline_seconds,
            slowdown_fraction=slowdown_fraction, energy_budget_joules=energy_budget_joules,
            average_power_watts=average_power_watts, average_device_power_watts=average_device_power_watts,
            peak_power_watts=peak_power_watts,
            objective=objective, straggler_time_seconds=straggler_time_seconds, generation=generation, picture=picture,
            miss_fraction=miss_fraction, resampling=resampling, timeout=timeout)
