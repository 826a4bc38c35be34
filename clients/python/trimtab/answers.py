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
class RankPlace:
    """Where a global rank is; the last two only by a rank order."""

    rank: int
    replica: int
    tensor_index: Optional[int] = None
    context_index: Optional[int] = None


@dataclass(frozen=True)
class PlanDetail:
    """`price_watts` is what one second more would save, by the lower bound at the plan's time."""
    generation: int
    plan: Plan
    price_watts: float
    stages: tuple[StagePlan, ...]
    place: Optional[RankPlace] = None


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


@dataclass(frozen=True)
class ModelPart:
    """An encoder, a projector or a language model that candidates are made of."""

    id: str
    parameter_count: Optional[int] = None
    memory_bytes: Optional[int] = None
    licence: Optional[str] = None
    tags: Optional[tuple[str, ...]] = None
    embedding_width: Optional[int] = None
    family: Optional[str] = None
    latency_seconds: Optional[float] = None
    cost_weight: Optional[float] = None
    layer_count: Optional[int] = None


@dataclass(frozen=True)
class Metric:
    """`direction` is "maximize" or "minimize"; `range` the least and the greatest possible score."""

    name: str
    direction: str
    range: Optional[tuple[float, ...]] = None
    error_transform: Optional[str] = None


@dataclass(frozen=True)
class SelectionTask:
    name: str
    metric: Metric
    alignment_sample_count: int


@dataclass(frozen=True)
class Candidate:
    encoder: str
    language_model: str
    projector: Optional[str] = None


@dataclass(frozen=True)
class Excluded:
    rule: str
    count: int


@dataclass(frozen=True)
class PoolSubmitted:
    revision: int
    candidate_count: int
    added_count: int
    excluded: tuple[Excluded, ...]
    cost_basis: str
    cluster_count: int
    cluster_basis: str


@dataclass(frozen=True)
class RepresentationAttached:
    revision: int
    sample_count: int
    feature_count: int
    element_type: str
    representation_count: int


@dataclass(frozen=True)
class CandidateCluster:
    encoder_cluster: int
    language_model_cluster: int
    candidate_count: int
    medoid: Candidate
    encoder_basis: str
    language_model_basis: str


@dataclass(frozen=True)
class ModelCluster:
    members: tuple[str, ...]
    medoid: str
    basis: str


@dataclass(frozen=True)
class Join:
    """Clusters below the number of compared models are models; join k makes the next number."""

    first: int
    second: int
    similarity: float
    member_count: int


@dataclass(frozen=True)
class ModelClusters:
    """Clusters of encoders, or of the language models behind `encoder`."""

    clusters: tuple[ModelCluster, ...]
    compared: tuple[str, ...]
    similarity: Optional[tuple[tuple[float, ...], ...]] = None
    joins: tuple[Join, ...] = ()
    encoder: Optional[str] = None


@dataclass(frozen=True)
class PoolClusters:
    revision: int
    used_by_search: bool
    clusters: tuple[CandidateCluster, ...]
    encoders: ModelClusters
    language_models: tuple[ModelClusters, ...]


@dataclass(frozen=True)
class Resume:
    """The checkpoint to go on from, in the words of the trial that wrote it."""

    trial: int
    step: int
    checkpoint: Any = None


@dataclass(frozen=True)
class Assignment:
    """What to train: `candidate`, from `resume` or anew, up to `to_fraction` of the data, on `gpus`."""

    trial: int
    candidate: Candidate
    from_fraction: float
    to_fraction: float
    from_sample_count: int
    to_sample_count: int
    gpus: tuple[str, ...]
    rung: int
    phase: str
    resume: Optional[Resume] = None
    repeated: bool = False


@dataclass(frozen=True)
class NoTrial:
    """There is no trial for this worker now; false, so that `while trial := pool.next_trial()` ends."""

    reason: str
    finished: bool

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True)
class TrialDecision:
    """`decision` is "continue", "pause" or "stop"; after the last two the trial has ended."""

    trial: int
    step: int
    decision: str
    reason: str
    duplicate: bool = False

    @property
    def goes_on(self) -> bool:
        return self.decision == "continue"


@dataclass(frozen=True)
class TrialEnded:
    trial: int
    outcome: str
    goes_on: bool


@dataclass(frozen=True)
class Prediction:
    """`score_interval` holds the score on all data with probability 0.9; None while nothing has been observed."""

    candidate: Candidate
    status: str
    rank: Optional[int] = None
    predicted_score: Optional[float] = None
    score_interval: Optional[tuple[float, ...]] = None
    probability_best_fraction: Optional[float] = None
    expected_regret_fraction: Optional[float] = None
    expected_regret_score: Optional[float] = None


@dataclass(frozen=True)
class Observation:
    data_fraction: float
    score: float


@dataclass(frozen=True)
class Evidence:
    candidate: Candidate
    observations: tuple[Observation, ...]
    regime_point_count: int
    slope: Optional[float] = None
    fit_mean_square_log_error: Optional[float] = None
    extrapolation_ratio: Optional[float] = None


@dataclass(frozen=True)
class SearchCost:
    gpu_seconds: float
    energy_joules: Optional[float] = None
    trial_count: Optional[int] = None
    open_trial_count: Optional[int] = None
    elapsed_seconds: Optional[float] = None


@dataclass(frozen=True)
class SuggestionReport:
    """The best candidate so far, what finding it has cost beside training them all, and what it rests on."""

    revision: int
    finished: bool
    cost: SearchCost
    grid_cost: SearchCost
    untried_count: int
    untried: tuple[Candidate, ...]
    evidence: tuple[Evidence, ...]
    suggestion: Optional[Prediction] = None
    finish_reason: Optional[str] = None
    saving_factor: Optional[float] = None


@dataclass(frozen=True)
class Ranking:
    revision: int
    candidate_count: int
    ranking: tuple[Prediction, ...]
    next_offset: Optional[int] = None


@dataclass(frozen=True)
class EpochCost:
    """One iteration, and one pass over the alignment data."""

    iteration_time_seconds: float
    energy_joules: float
    epoch_time_seconds: float
    epoch_energy_joules: float


@dataclass(frozen=True)
class TrainedCandidate:
    candidate: Candidate
    status: str
    pipeline: str
    generation: int
    iteration_count: int
    fastest: EpochCost
    cheapest: EpochCost
    unbeaten_at_fastest: bool
    unbeaten_at_cheapest: bool
    predicted_score: Optional[float] = None
    score_interval: Optional[tuple[float, ...]] = None
    probability_best_fraction: Optional[float] = None


@dataclass(frozen=True)
class StagePart:
    part: str
    id: str
    first_layer: int
    layer_count: int


@dataclass(frozen=True)
class StageParts:
    parameter_count: float
    parts: tuple[StagePart, ...]


@dataclass(frozen=True)
class DividedCandidate:
    candidate: Candidate
    stages: tuple[StageParts, ...]


@dataclass(frozen=True)
class SuggestedPipelines:
    candidates: tuple[TrainedCandidate, ...]
    stages: tuple[DividedCandidate, ...] = ()


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


def deeply(value: Any) -> Any:
    """Wire form of dataclasses, lists and mappings inside one another; keys may be Python names or wire names."""
    if dataclasses.is_dataclass(value):
        value = vars(value)
    if isinstance(value, Mapping):
        return {camel(name): deeply(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [deeply(inner) for inner in value]
    return value


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
