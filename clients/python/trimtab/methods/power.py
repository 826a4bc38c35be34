"""Power of jobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from .. import answers
from ..answers.wire import deeply, named
from ..binding import Method
from ..declared import PowerGroup, PowerJob, PowerMeasure
from ..requests import Request
from .base import OfSession


class PowerMethods(OfSession):
    @Method
    def allocate_power(
        self, jobs: Iterable[PowerJob], *, groups: Iterable[PowerGroup] = (), budget_watts: Optional[float] = None,
        budgets: Optional[Iterable[tuple[float, Optional[float]]]] = None, end_seconds: Optional[float] = None,
        energy_budget_joules: Optional[float] = None, power: Optional[PowerMeasure] = None,
        may_pause: Optional[bool] = None, timeout: Optional[float] = None,
    ) -> Request[answers.PowerAllocation]:
        """Divides `budget_watts`, or each of `budgets`, pairs of start in seconds and watts, among jobs, for the least
        lost rate; with `energy_budget_joules` for the most work. `groups` cap racks and nodes.

            session.allocate_power([{"job": "a"}, {"job": "b", "weight": 2.0}], budget_watts=40_000.0)
        """
        series = None if budgets is None else [named({"startSeconds": start, "budgetWatts": watts})
                                               for start, watts in budgets]
        return self._request(
            "power/allocate", answers.PowerAllocation, jobs=deeply(list(jobs)), groups=deeply(list(groups)) or None,
            budget_watts=budget_watts, budgets=series, end_seconds=end_seconds,
            energy_budget_joules=energy_budget_joules, power=power, may_pause=may_pause, timeout=timeout)

    @Method
    def shed_power(
        self, job: str, *, shed_watts: Optional[float] = None, curve: Optional[bool] = None,
        power: Optional[PowerMeasure] = None, may_pause: Optional[bool] = None, timeout: Optional[float] = None,
    ) -> Request[answers.PowerShed]:
        """How much slower a job becomes when it draws `shed_watts` less than now; with `curve` for every number.

        Example:

            session.shed_power("training", shed_watts=5000.0).shed
        """
        return self._request(
            "power/shed", answers.PowerShed, job=job, shed_watts=shed_watts, curve=curve, power=power,
            may_pause=may_pause, timeout=timeout)
