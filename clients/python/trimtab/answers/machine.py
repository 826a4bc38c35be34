"""Plans that a client writes, and measured iterations beside the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..rows import Rows
from .display import Answer
from .frontier import Plan, Point
from .timeline import RankTimeline, TimelineTotals


@dataclass(frozen=True, repr=False)
class PlanSetting(Answer):
    """The frequency of some instructions: of one by `id`, or of a stage's kind, for one microbatch or all others."""

    frequency: Any
    stage: Optional[int] = None
    instruction: Optional[str] = None
    microbatch: Optional[int] = None
    id: Optional[str] = None


@dataclass(frozen=True, repr=False)
class EvaluatedPlan(Answer):
    """What a plan does that is not of the frontier."""

    iteration_time_seconds: float
    energy_joules: float
    average_power_watts: float
    gap_fraction: float
    switch_count: int
    switch_latency_unset: bool = False
    ranks_over_most_switches: Sequence[int] = ()


@dataclass(frozen=True, repr=False)
class PlanEvaluation(Answer):
    """A plan beside the frontier; `better` is the listed plan that is no slower and cheaper, if there is one."""

    generation: int
    plan: EvaluatedPlan
    totals: TimelineTotals
    better: Optional[Plan] = None
    as_measured: Optional[Point] = None
    ranks: Optional[tuple[RankTimeline, ...]] = None
    stale: bool = False
    svg: Optional[str] = None


@dataclass(frozen=True, repr=False)
class NextMeasurement(Answer):
    """A measurement to make: `reason` is "coverage" or "regret"; `sample_count` samples are there already."""

    stage: int
    instruction: str
    frequency: Any
    reason: str
    sample_count: int
    saved_joules: Optional[float] = None


@dataclass(frozen=True, repr=False)
class NextMeasurements(Answer):
    """What to measure next; where it is `sufficient`, nothing is worth its time."""

    measurements: Rows[NextMeasurement]
    sufficient: bool
    expected_regret_joules: Optional[float] = None
    expected_regret_fraction: Optional[float] = None


@dataclass(frozen=True, repr=False)
class VariantPlan(Answer):
    """The plan of one kind of iterations; `share_fraction` is its share of all."""

    pipeline: str
    share_fraction: float
    generation: int
    plan: Plan
    stale: bool = False


@dataclass(frozen=True, repr=False)
class VariantPlans(Answer):
    """Plans of iterations that take turns, and what their mean iteration takes."""

    mean_time_seconds: float
    mean_energy_joules: float
    lower_bound_joules: float
    gap_fraction: float
    price_watts: float
    variants: Rows[VariantPlan]


@dataclass(frozen=True, repr=False)
class TracedInstruction(Answer):
    """One instruction as it ran, by `id` or by stage, instruction and microbatch, on a clock that all ranks share."""

    start_seconds: float
    end_seconds: float
    stage: Optional[int] = None
    instruction: Optional[str] = None
    microbatch: Optional[int] = None
    id: Optional[str] = None


@dataclass(frozen=True, repr=False)
class MeasuredIteration(Answer):
    """One iteration: its time or a trace, and what else was measured; energies of all devices, or of one of each rank.

    Busy times are how long each rank worked, waiting left out."""

    iteration_time_seconds: Optional[float] = None
    energy_joules: Optional[float] = None
    busy_times_seconds: Optional[Sequence[float]] = None
    rank_energies_joules: Optional[Sequence[float]] = None
    trace: Optional[Sequence[TracedInstruction]] = None
    step: Optional[int] = None


@dataclass(frozen=True, repr=False)
class MisfitAlternative(Answer):
    kind: str
    rank: Optional[int] = None


@dataclass(frozen=True, repr=False)
class Misfit(Answer):
    """A cause by which the machine differs from the model; one of `seconds`, `fraction` and `joules` is its size."""

    kind: str
    share_fraction: float
    alternatives: Rows[MisfitAlternative]
    rank: Optional[int] = None
    seconds: Optional[float] = None
    fraction: Optional[float] = None
    joules: Optional[float] = None


@dataclass(frozen=True, repr=False)
class ModelDeviation(Answer):
    """How far a modelled quantity is off: as it is, corrected, and corrected for single plans."""

    model_fraction: float
    corrected_fraction: float
    plan_fraction: float
    noise_fraction: Optional[float] = None


@dataclass(frozen=True, repr=False)
class MeasuredPlan(Answer):
    """One plan's iterations beside the model as it is and corrected."""

    iteration_count: int
    measured_time_seconds: float
    modelled_time_seconds: float
    corrected_time_seconds: float
    modelled_energy_joules: float
    corrected_energy_joules: float
    measured_energy_joules: Optional[float] = None


@dataclass(frozen=True, repr=False)
class ModelReview(Answer):
    """What measured iterations say: `verdict` is "holds", "corrected", "unexplained" or "undecided".

    From `changed_from` on, counted among the iterations that count, the machine is another one."""

    revision: int
    iteration_count: int
    stray_count: int
    verdict: str
    misfits: Rows[Misfit]
    iteration_time: ModelDeviation
    plans: Rows[MeasuredPlan]
    adopted: bool
    recomputes: bool
    energy: Optional[ModelDeviation] = None
    rank_busy_fractions: Optional[tuple[float, ...]] = None
    changed_from: Optional[int] = None
    changed_from_step: Optional[int] = None
