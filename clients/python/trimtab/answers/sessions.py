"""Answers about sessions, GPUs, pipelines and profiles, and the rows that profiles are sent as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..rows import Rows
from .display import Answer


@dataclass(frozen=True, repr=False)
class GPU(Answer):
    id: str
    node: Optional[str] = None
    model: Optional[str] = None
    memory_bytes: Optional[int] = None
    frequencies: Optional[tuple[Any, ...]] = None
    blocking_power_watts: Optional[float] = None
    power_limit_watts: Optional[float] = None
    switch_latency_seconds: Optional[float] = None
    switch_energy_joules: Optional[float] = None


@dataclass(frozen=True, repr=False)
class Sample(Answer):
    """One measured execution."""

    time_seconds: float
    energy_joules: float


@dataclass(frozen=True, repr=False)
class ProfileRow(Answer):
    """One option, measured once or as `samples`; `frequency` is an opaque knob that comes back as it was sent."""

    stage: int
    instruction: str
    frequency: Any
    time_seconds: Optional[float] = None
    energy_joules: Optional[float] = None
    samples: Optional[tuple[Sample, ...]] = None
    sensor_power_watts: Optional[float] = None
    sampling_interval_seconds: Optional[float] = None


@dataclass(frozen=True, repr=False)
class Withdrawal(Answer):
    """Measurements to take back: all of a table, or those at one frequency."""

    stage: int
    instruction: str
    frequency: Any = None


@dataclass(frozen=True, repr=False)
class SessionOpened(Answer):
    session: str
    revision: int
    resumed: bool
    durability: str
    read_only: Optional[str] = None


@dataclass(frozen=True, repr=False)
class SessionSummary(Answer):
    session: str
    revision: int
    gpu_count: int
    pipelines: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class SessionExport(Answer):
    """The requests that recreate a session when they are sent again in this order."""

    session: str
    requests: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, repr=False)
class SessionWatched(Answer):
    """`pushes` are the groups that come from now on."""

    revision: int
    pushes: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class GPUCount(Answer):
    revision: int
    gpu_count: int
    lost_trials: tuple[int, ...] = ()


@dataclass(frozen=True, repr=False)
class TableName(Answer):
    stage: int
    instruction: str


@dataclass(frozen=True, repr=False)
class TableCounts(Answer):
    stage: int
    instruction: str
    option_count: int
    efficient_count: Optional[int] = None
    hull_count: Optional[int] = None


@dataclass(frozen=True, repr=False)
class PipelineDefined(Answer):
    revision: int
    pipeline: str
    instruction_count: int
    dependency_count: int
    tables: Rows[TableName]


@dataclass(frozen=True, repr=False)
class PipelineDetail(Answer):
    """`definition` are the params of pipeline/define; `schedule_csv` is None for an explicit graph."""

    pipeline: str
    definition: Mapping[str, Any]
    rank_of_stage: tuple[int, ...]
    instruction_count: int
    generation: int
    stale: bool
    follow: bool
    schedule_csv: Optional[str] = None


@dataclass(frozen=True, repr=False)
class Diagnostic(Answer):
    """Something odd about a table; `frequency` is the first setting concerned."""

    kind: str
    stage: int
    instruction: str
    message: str
    frequency: Any = None


@dataclass(frozen=True, repr=False)
class Outlier(Answer):
    """A sample that was left out; `sample` counts from 0, the oldest that is kept."""

    stage: int
    instruction: str
    frequency: Any
    sample: int
    time_seconds: float
    energy_joules: float


@dataclass(frozen=True, repr=False)
class ProfileSubmitted(Answer):
    """`recomputes`: the server computes the frontier again in the background."""

    revision: int
    row_count: int
    tables: Rows[TableCounts]
    missing: Rows[TableName] = Rows()
    diagnostics: Rows[Diagnostic] = Rows()
    sample_count: int = 0
    outliers: Rows[Outlier] = Rows()
    recomputes: bool = False
