"""Frontiers, and the plan for a selector."""

from __future__ import annotations

from typing import Optional

from .. import answers
from ..binding import Method
from ..declared import Effort, Estimate, Objective, Resampling
from ..requests import Progress, Request
from .base import Numbers, OfSession


class FrontierMethods(OfSession):
    @Method
    def characterize(
        self, pipeline: str, *, plan_count: Optional[int] = None, certify: Optional[bool] = None,
        follow: Optional[bool] = None, breakpoint_budget: Optional[int] = None,
        tolerance_fraction: Optional[float] = None, effort: Optional[Effort] = None,
        round_count: Optional[int] = None, sufficient_gap_fraction: Optional[float] = None,
        estimate: Optional[Estimate] = None, progress: Optional[Progress] = None, timeout: Optional[float] = None,
    ) -> Request[answers.Characterization]:
        """Computes the frontier; `progress` gets `{"kind": ..., "percentage": ...}` as it goes.

        A lower bound with more corners than `breakpoint_budget` is bracketed to `tolerance_fraction`.

        `effort`: "quick" takes milliseconds on small problems, "standard" about a second on all cores together;
        `round_count` rounds of longer search after that bring plans nearer to the bound; deadlines with a plan within
        `sufficient_gap_fraction` of it are not searched further.

        `estimate="smoothed"`: plan on what the samples of all stages say of the true tables, for noisy profiles.

        `follow`: compute it again in the background whenever the profile changes; `frontier/changed` says when.

            session.characterize("gpt", effort="quick", progress=print)
        """
        return self._long(
            progress, timeout, "frontier/characterize", answers.Characterization, pipeline=pipeline,
            plan_count=plan_count, certify=certify, follow=follow, breakpoint_budget=breakpoint_budget,
            tolerance_fraction=tolerance_fraction, effort=effort, round_count=round_count,
            sufficient_gap_fraction=sufficient_gap_fraction, estimate=estimate)

    @Method
    def query(
        self, pipeline: str, *, deadline_seconds: Optional[float] = None, slowdown_fraction: Optional[float] = None,
        straggler_time_seconds: Optional[float] = None, energy_budget_joules: Optional[float] = None,
        average_power_watts: Optional[float] = None, average_device_power_watts: Optional[float] = None,
        peak_power_watts: Optional[float] = None,
        objective: Optional[Objective] = None, miss_fraction: Optional[float] = None,
        resampling: Optional[Resampling] = None, timeout: Optional[float] = None,
    ) -> Request[answers.FrontierPoint]:
        """The best plan for exactly one selector. `average_power_watts` caps the job, `average_device_power_watts` each
        GPU. `miss_fraction`: the cheapest plan that misses the deadline no more often, on estimated tables.

            session.query("gpt", slowdown_fraction=0.05).plan.energy_joules
        """
        return self._request(
            "frontier/query", answers.FrontierPoint, pipeline=pipeline, deadline_seconds=deadline_seconds,
            slowdown_fraction=slowdown_fraction, straggler_time_seconds=straggler_time_seconds,
            energy_budget_joules=energy_budget_joules, average_power_watts=average_power_watts,
            average_device_power_watts=average_device_power_watts,
            peak_power_watts=peak_power_watts, objective=objective, miss_fraction=miss_fraction,
            resampling=resampling, timeout=timeout)

    @Method
    def curve(
        self, pipeline: str, *, picture: Optional[bool] = None, timeout: Optional[float] = None,
    ) -> Request[answers.Curve]:
        """The lower bound and all plans; with `picture` as SVG too.

        Example:

            session.curve("gpt").plans.to_frame()
        """
        return self._request("frontier/curve", answers.Curve, pipeline=pipeline, picture=picture, timeout=timeout)

    @Method
    def savings(
        self, pipeline: str, *, slowdown_fractions: Optional[Numbers] = None, timeout: Optional[float] = None,
    ) -> Request[answers.Savings]:
        """What every other pipeline saves while a straggler is slower by each of these fractions.

        Example:

            session.savings("gpt", slowdown_fractions=[0.05, 0.1, 0.2])
        """
        return self._request(
            "frontier/savings", answers.Savings, pipeline=pipeline, slowdown_fractions=slowdown_fractions,
            timeout=timeout)
