"""Answers about frontiers and plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Optional

from ..rows import Rows
from .display import Answer


@dataclass(frozen=True, repr=False)
class Point(Answer):
    iteration_time_seconds: float
    energy_joules: float


@dataclass(frozen=True, repr=False)
class LowerBound(Answer):
    """No plan uses less energy at this time; `price_watts` is what one more second would save."""

    iteration_time_seconds: float
    energy_joules: float
    price_watts: float


@dataclass(frozen=True, repr=False)
class ExpectedInterval(Answer):
    """Where a quantity lies with probability 0.9."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, repr=False)
class Expectation(Answer):
    """What a plan on estimated tables is expected to give, and what the measured tables say of it."""

    iteration_time_seconds: ExpectedInterval
    energy_joules: ExpectedInterval
    as_measured: Point


@dataclass(frozen=True, repr=False)
class Plan(Answer):
    """A plan's realised time and energy, and how far above the lower bound at its time it lies.

    `switch_latency_unset` says that its changes of frequency count as no time because no latency was given.
    """

    plan: int
    iteration_time_seconds: float
    energy_joules: float
    average_power_watts: float
    gap_fraction: float
    switch_count: int = 0
    switch_latency_unset: bool = False
    expected: Optional[Expectation] = None


@dataclass(frozen=True, repr=False)
class CurvePlan(Answer):
    plan: int
    iteration_time_seconds: float
    energy_joules: float
    gap_fraction: float
    expected: Optional[Expectation] = None


@dataclass(frozen=True, repr=False)
class ProfileOutlier(Answer):
    """A measurement far off the law of its instruction."""

    stage: int
    frequency: Any


@dataclass(frozen=True, repr=False)
class InstructionNoise(Answer):
    """What was estimated for the tables of one kind of instruction."""

    instruction: str
    time_noise_fraction: float
    energy_noise_fraction: float
    power_capped: bool
    outliers: Rows[ProfileOutlier] = Rows()
    plateau_frequency: Optional[float] = None


@dataclass(frozen=True, repr=False)
class ProfileNoise(Answer):
    """How noisy the measured tables look; `expected_excess_fraction` is what that costs plans made on them."""

    time_noise_fraction: float
    energy_noise_fraction: float
    expected_excess_fraction: Optional[float] = None
    instructions: Rows[InstructionNoise] = Rows()


@dataclass(frozen=True, repr=False)
class Certificate(Answer):
    """What the server's independent checker found, as it was sent."""

    AS_SENT: ClassVar[bool] = True
    fields: Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class Characterization(Answer):
    revision: int
    generation: int
    minimum_time_seconds: float
    maximum_time_seconds: float
    cheapest_time_seconds: float
    breakpoint_count: int
    exact: bool
    bracket_fraction: float
    plan_count: int
    optimal: bool
    all_max_frequency: Point
    largest_gap_fraction: Optional[float] = None
    certificate: Optional[Certificate] = None
    estimate: str = "measured"
    noise: Optional[ProfileNoise] = None


@dataclass(frozen=True, repr=False)
class FrontierPoint(Answer):
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
    peak_power_watts: Optional[float] = None
    miss_fraction: Optional[float] = None


@dataclass(frozen=True, repr=False)
class Curve(Answer):
    generation: int
    lower_bound: Rows[Point]
    plans: Rows[CurvePlan]
    all_max_frequency: Point
    stale: bool = False
    svg: Optional[str] = None


@dataclass(frozen=True, repr=False)
class OverlappedBackward(Answer):
    """The backward's half of an overlapped pair; `forward_stage` is where the forward's is."""

    forward_stage: int
    stage: int
    microbatch: int


@dataclass(frozen=True, repr=False)
class PlannedInstruction(Answer):
    instruction: str
    microbatch: Optional[int]
    frequency: Any
    start_seconds: float
    time_seconds: float
    energy_joules: float
    id: Optional[str] = None
    overlapped: Optional[OverlappedBackward] = None


@dataclass(frozen=True, repr=False)
class StagePlan(Answer):
    stage: int
    instructions: Rows[PlannedInstruction]


@dataclass(frozen=True, repr=False)
class RankPlace(Answer):
    """Where a global rank is; the last two only by a rank order."""

    rank: int
    replica: int
    tensor_index: Optional[int] = None
    context_index: Optional[int] = None


@dataclass(frozen=True, repr=False)
class PlanDetail(Answer):
    """`price_watts` is what one second more would save, by the lower bound at the plan's time."""
    generation: int
    plan: Plan
    price_watts: float
    stages: Rows[StagePlan]
    place: Optional[RankPlace] = None


@dataclass(frozen=True, repr=False)
class Interval(Answer):
    """Where `confidence_fraction` of the outcomes lie, with their mean and standard deviation."""

    mean: float
    standard_deviation: float
    low: float
    high: float


@dataclass(frozen=True, repr=False)
class PlanUncertainty(Answer):
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


@dataclass(frozen=True, repr=False)
class PipelinesReplicated(Answer):
    revision: int
    job: str
    pipeline_count: int


@dataclass(frozen=True, repr=False)
class Saving(Answer):
    """At one slowdown of a straggler; energies are all devices' until it is done."""

    slowdown_fraction: float
    straggler_time_seconds: float
    plan: int
    all_max_energy_joules: float
    plan_energy_joules: float
    saving_fraction: float
    bound_fraction: float


@dataclass(frozen=True, repr=False)
class Savings(Answer):
    generation: int
    savings: Rows[Saving]
    stale: bool = False


@dataclass(frozen=True, repr=False)
class Segment(Answer):
    """One plan for a while; `plan` is None during a pause."""

    start_seconds: float
    duration_seconds: float
    iteration_count: float
    average_power_watts: float
    energy_joules: float
    cost: float
    plan: Optional[int] = None


@dataclass(frozen=True, repr=False)
class PlanSeries(Answer):
    """`price_per_iteration`: what one iteration more would cost."""

    generation: int
    segments: Rows[Segment]
    iteration_count: float
    energy_joules: float
    cost: float
    price_per_iteration: float
    lower_bound_cost: Optional[float] = None
    lower_bound_iteration_count: Optional[float] = None
    unit: Optional[str] = None
    stale: bool = False
