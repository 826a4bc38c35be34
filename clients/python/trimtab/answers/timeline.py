"""A plan as it runs, rank by rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from ..rows import Rows
from .frontier import OverlappedBackward, Plan


@dataclass(frozen=True)
class TimelineInstruction:
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


@dataclass(frozen=True)
class FrequencySwitch:
    start_seconds: float
    end_seconds: float
    from_frequency: Any
    to_frequency: Any


@dataclass(frozen=True)
class Wait:
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class RankTimeline:
    rank: int
    instructions: Rows[TimelineInstruction]
    switches: Rows[FrequencySwitch]
    waits: Rows[Wait]
    blocking_power_watts: float
    busy_seconds: float
    energy_joules: float


@dataclass(frozen=True)
class TimelineTotals:
    busy_seconds: float
    waiting_seconds: float
    switch_count: int
    energy_joules: float


@dataclass(frozen=True)
class Timeline:
    """A plan laid out in time, rank by rank."""

    generation: int
    plan: Plan
    ranks: Rows[RankTimeline]
    totals: TimelineTotals
    svg: Optional[str] = None
