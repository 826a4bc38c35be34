"""Answers about power: what a job loses with less of it, and how it is divided among jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..rows import Rows
from .display import Answer


@dataclass(frozen=True, repr=False)
class PlanOfKind(Answer):
    """The plan of all pipelines that share the definition of `pipeline`."""

    pipeline: str
    pipeline_count: int
    generation: int
    plan: int


@dataclass(frozen=True, repr=False)
class JobPace(Answer):
    """What a job does; `iteration_time_seconds` is None while it pauses."""

    average_power_watts: float
    peak_power_watts: float
    plans: Rows[PlanOfKind]
    iteration_time_seconds: Optional[float] = None


@dataclass(frozen=True, repr=False)
class ShedPace(Answer):
    """The fastest pace that draws so much less; slowdowns are None where the job would have to pause."""

    average_power_watts: float
    peak_power_watts: float
    plans: Rows[PlanOfKind]
    shed_watts: float
    gap_fraction: float
    iteration_time_seconds: Optional[float] = None
    slowdown_fraction: Optional[float] = None
    lower_bound_slowdown_fraction: Optional[float] = None


@dataclass(frozen=True, repr=False)
class ShedPoint(Answer):
    """An iteration time at which some pipeline changes its plan; `plans` in the order of `now`."""

    iteration_time_seconds: float
    slowdown_fraction: float
    power_watts: float
    shed_watts: float
    plans: tuple[int, ...]


@dataclass(frozen=True, repr=False)
class RateBound(Answer):
    """The least mean power at a rate; power is straight in the rate from one to the next."""

    iterations_per_second: float
    power_watts: float


@dataclass(frozen=True, repr=False)
class PowerShed(Answer):
    """What a job loses when it draws less than `now`."""

    job: str
    device_count: int
    now: JobPace
    shed: Optional[ShedPace] = None
    curve: Optional[tuple[ShedPoint, ...]] = None
    lower_bound: Optional[tuple[RateBound, ...]] = None


@dataclass(frozen=True, repr=False)
class PowerChoice(Answer):
    """What `count` of the alike jobs do; `iteration_time_seconds` is None while they pause."""

    count: int
    rate_fraction: float
    average_power_watts: float
    peak_power_watts: float
    plans: Rows[PlanOfKind]
    iteration_time_seconds: Optional[float] = None


@dataclass(frozen=True, repr=False)
class PoweredJob(Answer):
    job: str
    choices: Rows[PowerChoice]


@dataclass(frozen=True, repr=False)
class PoweredGroup(Answer):
    group: str
    power_watts: float


@dataclass(frozen=True, repr=False)
class PowerInterval(Answer):
    """One budget; no plans lose less than `lower_bound_lost_rate`, in the unit of the jobs' weights."""

    power_watts: float
    lost_rate: float
    lower_bound_lost_rate: float
    gap_fraction: float
    jobs: Rows[PoweredJob]
    groups: Rows[PoweredGroup]
    start_seconds: Optional[float] = None
    duration_seconds: Optional[float] = None
    budget_watts: Optional[float] = None


@dataclass(frozen=True, repr=False)
class PowerAllocation(Answer):
    """One interval for each budget; `total_rate` is the sum of all weights."""

    total_rate: float
    intervals: Rows[PowerInterval]
    energy_joules: Optional[float] = None
