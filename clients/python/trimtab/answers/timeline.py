"""A plan as it runs, rank by rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from ..rows import Rows
from .display import Answer
from .frontier import OverlappedBackward, Plan


@dataclass(frozen=True, repr=False)
class TimelineInstruction(Answer):
    """An instruction where it runs; joules and watts are of one device."""

    stage: int
    instruction: str
    microbatch: Optional[int]
    frequency: Any
    start_seconds: float
    end_seconds: float
    time_seconds: float
    energy_joules: float
    power_watts: float
    is_critical: bool
    slack_seconds: float
    id: Optional[str] = None
    overlapped: Optional[OverlappedBackward] = None


@dataclass(frozen=True, repr=False)
class FrequencySwitch(Answer):
    start_seconds: float
    end_seconds: float
    from_frequency: Any
    to_frequency: Any


@dataclass(frozen=True, repr=False)
class Wait(Answer):
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, repr=False)
class RankTimeline(Answer):
    rank: int
    instructions: Rows[TimelineInstruction]
    switches: Rows[FrequencySwitch]
    waits: Rows[Wait]
    blocking_power_watts: float
    busy_seconds: float
    energy_joules: float


@dataclass(frozen=True, repr=False)
class TimelineTotals(Answer):
    busy_seconds: float
    waiting_seconds: float
    switch_count: int
    energy_joules: float


@dataclass(frozen=True, repr=False)
class Timeline(Answer):
    """A plan laid out in time, rank by rank."""

    generation: int
    plan: Plan
    ranks: Rows[RankTimeline]
    totals: TimelineTotals
    svg: Optional[str] = None
