"""Answers about which model to train fully, what that rests on, and what decisions changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..rows import Rows
from .display import Answer
from .pools import Candidate, SelectionDiagnostic


@dataclass(frozen=True, repr=False)
class DirectedCandidate(Answer):
    """A candidate after a decision about it; `closure` says why it is not trained further."""

    revision: int
    pinned: bool
    finished: bool
    closure: Optional[str] = None
    trial: Optional[int] = None


@dataclass(frozen=True, repr=False)
class PredictedMetric(Answer):
    """What is predicted of one of several metrics; `floor_probability_fraction` is None without a floor."""

    name: str
    predicted_score: float
    score_interval: tuple[float, ...]
    floor_probability_fraction: Optional[float] = None


@dataclass(frozen=True, repr=False)
class RevisedGoals(Answer):
    """What other weights and floors changed."""

    rescored_count: int
    reopened_count: int
    below_floor_count: int
    suggestion_before: Optional[Prediction] = None
    suggestion: Optional[Prediction] = None


@dataclass(frozen=True, repr=False)
class SearchRevised(Answer):
    """What other rules, another budget, other weights or floors changed."""

    revision: int
    candidate_count: int
    excluded_count: int
    readmitted_count: int
    added_count: int
    finished_before: bool
    finished: bool
    finish_reason: Optional[str] = None
    goals: Optional[RevisedGoals] = None


@dataclass(frozen=True, repr=False)
class EvidenceOfSource(Answer):
    """What became of one source: candidates that it knows, and scores of parts that the pool does not have."""

    name: str
    candidate_count: int
    unmatched_count: int


@dataclass(frozen=True, repr=False)
class EvidenceSubmitted(Answer):
    """How far evidence is expected to correlate with final errors, and the probability that it says anything."""

    revision: int
    sources: tuple[EvidenceOfSource, ...]
    expected_correlation: float
    probability_informative: float
    duplicate: bool = False


@dataclass(frozen=True, repr=False)
class Prediction(Answer):
    """`score_interval` holds the score on all data with probability 0.9; None while nothing has been observed.

    With several metrics the score is the combined one, and `metrics` has theirs."""

    candidate: Candidate
    status: str
    closure: Optional[str] = None
    flag: Optional[str] = None
    pinned: bool = False
    rank: Optional[int] = None
    predicted_score: Optional[float] = None
    score_interval: Optional[tuple[float, ...]] = None
    probability_best_fraction: Optional[float] = None
    expected_regret_fraction: Optional[float] = None
    expected_regret_score: Optional[float] = None
    floor_probability_fraction: Optional[float] = None
    floors_uncertain: bool = False
    metrics: Rows[PredictedMetric] = Rows()


@dataclass(frozen=True, repr=False)
class Observation(Answer):
    data_fraction: float
    score: float


@dataclass(frozen=True, repr=False)
class Evidence(Answer):
    candidate: Candidate
    observations: Rows[Observation]
    regime_point_count: int
    slope: Optional[float] = None
    fit_mean_square_log_error: Optional[float] = None
    extrapolation_ratio: Optional[float] = None


@dataclass(frozen=True, repr=False)
class SearchCost(Answer):
    gpu_seconds: float
    energy_joules: Optional[float] = None
    trial_count: Optional[int] = None
    open_trial_count: Optional[int] = None
    elapsed_seconds: Optional[float] = None


@dataclass(frozen=True, repr=False)
class SuggestionReport(Answer):
    """The best candidate so far, what finding it has cost beside training them all, and what it rests on."""

    revision: int
    finished: bool
    cost: SearchCost
    grid_cost: SearchCost
    untried_count: int
    untried: Rows[Candidate]
    evidence: Rows[Evidence]
    suggestion: Optional[Prediction] = None
    finish_reason: Optional[str] = None
    saving_factor: Optional[float] = None
    problems: Rows[Prediction] = Rows()
    diagnostics: Rows[SelectionDiagnostic] = Rows()


@dataclass(frozen=True, repr=False)
class Ranking(Answer):
    revision: int
    candidate_count: int
    ranking: Rows[Prediction]
    next_offset: Optional[int] = None


@dataclass(frozen=True, repr=False)
class ParetoMember(Prediction):
    """A candidate with the figures of its parts; None where no part states one."""

    cost_weight: float = 0.0
    latency_seconds: Optional[float] = None
    memory_bytes: Optional[int] = None
    parameter_count: Optional[int] = None
    probability_above_floor_fraction: Optional[float] = None


@dataclass(frozen=True, repr=False)
class ParetoSet(Answer):
    """The candidates that no other beats in every objective, by predicted score."""

    revision: int
    objectives: tuple[str, ...]
    candidates: Rows[ParetoMember]
    incomparable_count: int
    below_floor_count: int
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class EpochCost(Answer):
    """One iteration, and one pass over the alignment data."""

    iteration_time_seconds: float
    energy_joules: float
    epoch_time_seconds: float
    epoch_energy_joules: float


@dataclass(frozen=True, repr=False)
class TrainedCandidate(Answer):
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


@dataclass(frozen=True, repr=False)
class StagePart(Answer):
    part: str
    id: str
    first_layer: int
    layer_count: int


@dataclass(frozen=True, repr=False)
class StageParts(Answer):
    parameter_count: float
    parts: Rows[StagePart]


@dataclass(frozen=True, repr=False)
class DividedCandidate(Answer):
    candidate: Candidate
    stages: Rows[StageParts]


@dataclass(frozen=True, repr=False)
class SuggestedPipelines(Answer):
    candidates: Rows[TrainedCandidate]
    stages: Rows[DividedCandidate] = Rows()
