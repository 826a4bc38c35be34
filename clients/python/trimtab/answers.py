"""Typed answers. A field's wire name is its Python name in lowerCamelCase; unknown wire fields are ignored."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Callable, Optional, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


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
    tables: tuple[TableName, ...]


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
    """`recomputes`: the frontier is being computed anew in the background."""

    revision: int
    row_count: int
    tables: tuple[TableCounts, ...]
    missing: tuple[TableName, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    sample_count: int = 0
    outliers: tuple[Outlier, ...] = ()
    recomputes: bool = False


@dataclass(frozen=True)
class Point:
    iteration_time_seconds: float
    energy_joules: float


@dataclass(frozen=True)
class LowerBound:
    """No plan uses less energy at this time; `price_watts` is what one more second would save."""

    iteration_time_seconds: float
    energy_joules: float
    price_watts: float


@dataclass(frozen=True)
class Plan:
    """A plan's realised time and energy, and how far above the lower bound at its time it lies."""

    plan: int
    iteration_time_seconds: float
    energy_joules: float
    average_power_watts: float
    gap_fraction: float
    switch_count: int = 0


@dataclass(frozen=True)
class CurvePlan:
    plan: int
    iteration_time_seconds: float
    energy_joules: float
    gap_fraction: float


@dataclass(frozen=True)
class Certificate:
    """What the server's independent checker found, as it was sent."""

    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Characterization:
    revision: int
    generation: int
    minimum_time_seconds: float
    maximum_time_seconds: float
    cheapest_time_seconds: float
    breakpoint_count: int
    exact: bool
    bracket_fraction: float
    plan_count: int
    all_max_frequency: Point
    largest_gap_fraction: Optional[float] = None
    certificate: Optional[Certificate] = None


@dataclass(frozen=True)
class FrontierPoint:
    """The best plan for what was asked. `stale`: the pipeline or its profile has changed since it was computed."""

    generation: int
    deadline_seconds: Optional[float]
    lower_bound: LowerBound
    plan: Plan
    saving_fraction: float
    slowdown_fraction: Optional[float] = None
    excess_fraction: Optional[float] = None
    energy_until_straggler_joules: Optional[float] = None
    stale: bool = False
    average_device_power_watts: Optional[float] = None


@dataclass(frozen=True)
class Curve:
    generation: int
    lower_bound: tuple[Point, ...]
    plans: tuple[CurvePlan, ...]
    all_max_frequency: Point
    stale: bool = False
    svg: Optional[str] = None


@dataclass(frozen=True)
class OverlappedBackward:
    """The backward's half of an overlapped pair; `forward_stage` is where the forward's is."""

    forward_stage: int
    stage: int
    microbatch: int


@dataclass(frozen=True)
class PlannedInstruction:
    instruction: str
    microbatch: Optional[int]
    frequency: Any
    start_seconds: float
    time_seconds: float
    energy_joules: float
    id: Optional[str] = None
    overlapped: Optional[OverlappedBackward] = None


@dataclass(frozen=True)
class StagePlan:
    stage: int
    instructions: tuple[PlannedInstruction, ...]


@dataclass(frozen=True)
class PlanDetail:
    generation: int
    plan: Plan
    stages: tuple[StagePlan, ...]


@dataclass(frozen=True)
class Interval:
    """Where `confidence_fraction` of the outcomes lie, with their mean and standard deviation."""

    mean: float
    standard_deviation: float
    low: float
    high: float


@dataclass(frozen=True)
class PlanUncertainty:
    """`sampled_fraction`: the share of instructions with several samples; the others count as exact."""

    generation: int
    plan: Plan
    resample_count: int
    confidence_fraction: float
    sampled_fraction: float
    iteration_time_seconds: Interval
    energy_joules: Interval
    deadline_seconds: Optional[float] = None
    miss_fraction: Optional[float] = None
    stale: bool = False


@dataclass(frozen=True)
class PipelinesReplicated:
    revision: int
    job: str
    pipeline_count: int


@dataclass(frozen=True)
class Saving:
    """At one slowdown of a straggler; energies are all devices' until it is done."""

    slowdown_fraction: float
    straggler_time_seconds: float
    plan: int
    all_max_energy_joules: float
    plan_energy_joules: float
    saving_fraction: float
    bound_fraction: float


@dataclass(frozen=True)
class Savings:
    generation: int
    savings: tuple[Saving, ...]
    stale: bool = False


@dataclass(frozen=True)
class Segment:
    """One plan for a while; `plan` is None during a pause."""

    start_seconds: float
    duration_seconds: float
    iteration_count: float
    average_power_watts: float
    energy_joules: float
    cost: float
    plan: Optional[int] = None


@dataclass(frozen=True)
class PlanSeries:
    """`price_per_iteration`: what one iteration more would cost."""

    generation: int
    segments: tuple[Segment, ...]
    iteration_count: float
    energy_joules: float
    cost: float
    price_per_iteration: float
    lower_bound_cost: Optional[float] = None
    lower_bound_iteration_count: Optional[float] = None
    unit: Optional[str] = None
    stale: bool = False


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
    instructions: tuple[TimelineInstruction, ...]
    switches: tuple[FrequencySwitch, ...]
    waits: tuple[Wait, ...]
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
    ranks: tuple[RankTimeline, ...]
    totals: TimelineTotals
    svg: Optional[str] = None


@dataclass(frozen=True)
class RankBusyTime:
    planned_seconds: float
    busy_seconds: float
    slowdown_fraction: float
    is_slow: bool


@dataclass(frozen=True)
class StragglerReported:
    """`slowest_time_seconds` is what the slowest pipeline of the job needs, None until there is a frontier."""

    revision: int
    job: str
    slowest_time_seconds: Optional[float]
    straggler_count: int
    change_count: int
    ranks: tuple[RankBusyTime, ...] = ()


@dataclass(frozen=True)
class PlanChange:
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


@dataclass(frozen=True)
class JobPipeline:
    pipeline: str
    replica_of: Optional[str] = None
    generation: Optional[int] = None
    plan: Optional[int] = None
    iteration_time_seconds: Optional[float] = None
    energy_joules: Optional[float] = None


@dataclass(frozen=True)
class SlowRank:
    rank: int
    slowdown_fraction: float


@dataclass(frozen=True)
class Straggler:
    pipeline: str
    slowdown_fraction: float
    replica: Optional[int] = None
    reported_time_seconds: Optional[float] = None
    ranks: tuple[SlowRank, ...] = ()
    generation: Optional[int] = None
    plan: Optional[int] = None
    iteration_time_seconds: Optional[float] = None
    energy_joules: Optional[float] = None


@dataclass(frozen=True)
class Job:
    job: str
    slowest_time_seconds: Optional[float]
    pipelines: tuple[JobPipeline, ...]
    stragglers: tuple[Straggler, ...] = ()


_ACRONYMS = {"csv": "CSV"}


@lru_cache(maxsize=None)
def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(_ACRONYMS.get(word, word.capitalize()) for word in tail)


def named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Wire fields from Python ones; those that are None are left out."""
    return {camel(name): value for name, value in fields.items() if value is not None}


def to_wire(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {name: to_wire(field) for name, field in named(vars(value)).items()}
    return [to_wire(one) for one in value] if isinstance(value, tuple) else value


@lru_cache(maxsize=None)
def reader(kind: Any) -> Optional[Callable[[Any], Any]]:
    """A function from a wire value to `kind`, or None where the wire value already is one."""
    if kind is Certificate:
        return Certificate
    if dataclasses.is_dataclass(kind):
        return _object_reader(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        each = reader(arguments[0])
        return tuple if each is None else lambda values: tuple([each(value) for value in values])
    if type(None) in arguments:
        read = reader(arguments[0])
        return None if read is None else lambda value: None if value is None else read(value)
    return None


def _object_reader(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    steps = []
    for field in dataclasses.fields(kind):
        optional = field.default is not dataclasses.MISSING or type(None) in get_args(hints[field.name])
        default = None if field.default is dataclasses.MISSING else field.default
        steps.append((camel(field.name), reader(hints[field.name]), optional, default))

    def read(wire: Mapping[str, Any]) -> Any:
        values = []
        for name, step, optional, default in steps:
            value = wire.get(name, default) if optional else wire[name]
            values.append(value if step is None else step(value))
        return kind(*values)

    return read


def plan_changed(method: str, params: Any) -> Optional[PlanChange]:
    """The change that a notification tells of, None for every other notification; for use in `on_notification`."""
    if method != "plan/changed":
        return None
    read = reader(PlanChange)
    assert read is not None
    return read(params)  # type: ignore[no-any-return]
