"""What params may be, by name. Generated from protocol-spec/model.json by generate.py; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired, Required

CurveKind = Literal["unknown", "finished", "snapshot"]
Direction = Literal["maximize", "minimize"]
Diverged = Literal["NaN", "Infinity", "-Infinity"]
Effort = Literal["quick", "standard"]
ElementType = Literal["float16", "float32", "float64"]
ErrorTransform = Literal["distance", "odds"]
EvidenceKind = Literal["sameTask", "relatedTask", "side"]
Estimate = Literal["measured", "smoothed", "completed"]
Estimator = Literal["biased", "unbiased", "minibatch"]
Kernel = Literal["linear", "rbf"]
Linkage = Literal["single", "complete", "average"]
Objective = Literal["fastest", "cheapest", "energyDelayProduct", "energyDelaySquaredProduct"]
NoFloor = Literal["none"]
ParetoObjective = Literal["score", "latencySeconds", "memoryBytes", "parameterCount", "costWeight"]
PowerMeasure = Literal["average", "peak"]
PushGroup = Literal["suggestion", "trials", "search", "cost", "frontier", "plans"]
Resampling = Literal["options", "executions"]
Schedule = Literal[
    "1f1b", "gpipe", "interleaved1f1b", "earlyRecomputation1f1b", "zbh1", "zbv", "dualpipev", "dualpipe", "loopedBFS",
    "encoders1f1b",
]
Strategy = Literal["mordal", "race", "grid", "random", "successiveHalving", "hyperband", "asha", "ats"]
TrialFailure = Literal["failed", "lost", "outOfMemory", "paused", "checkpointGone"]
UnknownFields = Literal["warn", "refuse"]


class Budget(TypedDict):
    """`search.budget` of pool/submit."""

    grid_fraction: NotRequired[float]
    gpu_seconds: NotRequired[float]
    energy_joules: NotRequired[float]
    trials: NotRequired[int]
    elapsed_seconds: NotRequired[float]


class PoolConstraints(TypedDict):
    """`constraints` of pool/submit."""

    maximum_memory_bytes: NotRequired[int]
    maximum_latency_seconds: NotRequired[float]
    maximum_parameter_count: NotRequired[int]
    allowed_licences: NotRequired[Sequence[str]]
    denied_licences: NotRequired[Sequence[str]]
    denied_tags: NotRequired[Sequence[str]]
    allowed_pairs: NotRequired[Sequence[Sequence[str]]]
    denied_pairs: NotRequired[Sequence[Sequence[str]]]


class PowerGroup(TypedDict):
    """`groups` of power/allocate."""

    group: Required[str]
    within: NotRequired[str]
    cap_watts: Required[float]


class PowerJob(TypedDict):
    """`jobs` of power/allocate."""

    job: Required[str]
    count: NotRequired[int]
    weight: NotRequired[float]
    minimum_rate_fraction: NotRequired[float]
    group: NotRequired[str]
    placements: NotRequired[Sequence[PowerPlacement]]


class PowerPlacement(TypedDict):
    """`jobs.placements` of power/allocate."""

    group: Required[str]
    pipeline: NotRequired[str]
    pipeline_count: NotRequired[int]
    ranks: NotRequired[Sequence[int]]


class SearchSettings(TypedDict):
    """`search` of pool/submit."""

    strategy: NotRequired[Strategy]
    start_fraction: NotRequired[float]
    reduction_factor: NotRequired[float]
    surviving_cluster_count: NotRequired[int]
    observed_fraction: NotRequired[float]
    regime_deviations: NotRequired[float]
    exploration_fraction: NotRequired[float]
    regret_bound_fraction: NotRequired[float]
    failure_limit: NotRequired[int]
    repetition_limit: NotRequired[int]
    seed: NotRequired[int]
    budget: NotRequired[Budget]
    gpus_per_trial: NotRequired[int]
    prefer_elapsed: NotRequired[bool]
    lease_seconds: NotRequired[float]
    start_seconds: NotRequired[float]


class TrainedBy(TypedDict):
    """`pipelines` of suggestion/pipeline."""

    encoder: Required[str]
    projector: NotRequired[str]
    language_model: Required[str]
    pipeline: Required[str]
    samples_per_iteration: Required[int]
