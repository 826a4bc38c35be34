"""Answers about pipelines in lockstep and their stragglers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from ..rows import Rows
from .display import Answer
from .wire import reader


@dataclass(frozen=True, repr=False)
class RankBusyTime(Answer):
    planned_seconds: float
    busy_seconds: float
    slowdown_fraction: float
    is_slow: bool


@dataclass(frozen=True, repr=False)
class StragglerReported(Answer):
    """`slowest_time_seconds` is what the slowest pipeline of the job needs, None until there is a frontier."""

    revision: int
    job: str
    slowest_time_seconds: Optional[float]
    straggler_count: int
    change_count: int
    ranks: Rows[RankBusyTime] = Rows()


@dataclass(frozen=True, repr=False)
class PlanChange(Answer):
    """A pipeline, or one replica of it, runs another plan from the next iteration on."""

    session: str
    job: str
    pipeline: str
    generation: int
    plan: int
    iteration_time_seconds: float
    cause: str
    replica: Optional[int] = None
    slowest_time_seconds: Optional[float] = None


@dataclass(frozen=True, repr=False)
class JobPipeline(Answer):
    pipeline: str
    replica_of: Optional[str] = None
    generation: Optional[int] = None
    plan: Optional[int] = None
    iteration_time_seconds: Optional[float] = None
    energy_joules: Optional[float] = None


@dataclass(frozen=True, repr=False)
class SlowRank(Answer):
    rank: int
    slowdown_fraction: float


@dataclass(frozen=True, repr=False)
class Straggler(Answer):
    pipeline: str
    slowdown_fraction: float
    replica: Optional[int] = None
    reported_time_seconds: Optional[float] = None
    ranks: Rows[SlowRank] = Rows()
    generation: Optional[int] = None
    plan: Optional[int] = None
    iteration_time_seconds: Optional[float] = None
    energy_joules: Optional[float] = None


@dataclass(frozen=True, repr=False)
class Job(Answer):
    job: str
    slowest_time_seconds: Optional[float]
    pipelines: Rows[JobPipeline]
    stragglers: Rows[Straggler] = Rows()


def plan_changed(method: str, params: Any) -> Optional[PlanChange]:
    """The change that a notification tells of, None for every other notification; for use in `on_notification`."""
    if method != "plan/changed":
        return None
    read = reader(PlanChange)
    assert read is not None
    return read(params)  # type: ignore[no-any-return]
