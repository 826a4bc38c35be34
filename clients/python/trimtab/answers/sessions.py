"""Answers about sessions, GPUs, pipelines and profiles, and the rows that profiles are sent as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..rows import Rows


@dataclass(frozen=True)
class GPU:
    id: str
    node: Optional[str] = None
    model: Optional[str] = None
    memory_bytes: Optional[int] = None
    frequencies: Optional[tuple[Any, ...]] = None
    blocking_power_watts: Optional[float] = None
    power_limit_watts: Optional[float] = None
    switch_latency_seconds: Optional[float] = None
    switch_energy_joules: Optional[float] = None


@dataclass(frozen=True)
class Sample:
    """One measured execution."""

    time_seconds: float
    energy_joules: float


@dataclass(frozen=True)
class ProfileRow:
    """One option, measured once or as `samples`; `frequency` is an opaque knob that comes back as it was sent."""

    stage: int
    instruction: str
    frequency: Any
    time_seconds: Optional[float] = None
    energy_joules: Optional[float] = None
    samples: Optional[tuple[Sample, ...]] = None
    sensor_power_watts: Optional[float] = None
    sampling_interval_seconds: Optional[float] = None


@dataclass(frozen=True)
class Withdrawal:
    """Measurements to take back: all of a table, or those at one frequency."""

    stage: int
    instruction: str
    frequency: Any = None


@dataclass(frozen=True)
class SessionOpened:
    session: str
    revision: int
    resumed: bool
    durability: str
    read_only: Optional[str] = None


@dataclass(frozen=True)
class SessionSummary:
    session: str
    revision: int
    gpu_count: int
    pipelines: tuple[str, ...]


@dataclass(frozen=True)
class SessionExport:
    """The requests that recreate a session when they are sent again in this order."""

    session: str
    requests: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class GPUCount:
    revision: int
    gpu_count: int
    lost_trials: tuple[int, ...] = ()


@dataclass(frozen=True)
class TableName:
    stage: int
    instruction: str


@dataclass(frozen=True)
class TableCounts:
    stage: int
    instruction: str
    option_count: int
    efficient_count: Optional[int] = None
    hull_count: Optional[int] = None


@dataclass(frozen=True)
class PipelineDefined:
    revision: int
    pipeline: str
    instruction_count: int
    dependency_count: int
    tables: Rows[TableName]


@dataclass(frozen=True)
class PipelineDetail:
    """`definition` are the params of pipeline/define; `schedule_csv` is None for an explicit graph."""

    pipeline: str
    definition: Mapping[str, Any]
    rank_of_stage: tuple[int, ...]
    instruction_count: int
    generation: int
    stale: bool
    follow: bool
    schedule_csv: Optional[str] = None


@dataclass(frozen=True)
class Diagnostic:
    """Something odd about a table; `frequency` is the first setting concerned."""

    kind: str
    stage: int
    instruction: str
    message: str
    frequency: Any = None


@dataclass(frozen=True)
class Outlier:
    """A sample that was left out; `sample` counts from 0, the oldest that is kept."""

    stage: int
    instruction: str
    frequency: Any
    sample: int
    time_seconds: float
    energy_joules: float


@dataclass(frozen=True)
class ProfileSubmitted:
    """`recomputes`: the server computes the frontier again in the background."""

    revision: int
    row_count: int
    tables: Rows[TableCounts]
    missing: Rows[TableName] = Rows()
    diagnostics: Rows[Diagnostic] = Rows()
    sample_count: int = 0
    outliers: Rows[Outlier] = Rows()
    recomputes: bool = False
