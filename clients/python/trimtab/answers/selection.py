"""Answers about which model to train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from ..rows import Rows
from .display import Answer


@dataclass(frozen=True, repr=False)
class ModelPart(Answer):
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


@dataclass(frozen=True, repr=False)
class Metric(Answer):
    """`direction` is "maximize" or "minimize"; `range` the least and the greatest possible score."""

    name: str
    direction: str
    range: Optional[tuple[float, ...]] = None
    error_transform: Optional[str] = None


@dataclass(frozen=True, repr=False)
class SelectionTask(Answer):
    name: str
    metric: Metric
    alignment_sample_count: int


@dataclass(frozen=True, repr=False)
class Candidate(Answer):
    encoder: str
    language_model: str
    projector: Optional[str] = None


@dataclass(frozen=True, repr=False)
class Excluded(Answer):
    rule: str
    count: int


@dataclass(frozen=True, repr=False)
class SelectionDiagnostic(Answer):
    """A sign that task or pool is not described as it is meant; `path` names the param of pool/submit."""

    kind: str
    path: str
    message: str


@dataclass(frozen=True, repr=False)
class PoolSubmitted(Answer):
    revision: int
    candidate_count: int
    added_count: int
    excluded: Rows[Excluded]
    cost_basis: str
    cluster_count: int
    cluster_basis: str
    diagnostics: Rows[SelectionDiagnostic] = Rows()


@dataclass(frozen=True, repr=False)
class RepresentationAttached(Answer):
    revision: int
    sample_count: int
    feature_count: int
    element_type: str
    representation_count: int


@dataclass(frozen=True, repr=False)
class CandidateCluster(Answer):
    encoder_cluster: int
    language_model_cluster: int
    candidate_count: int
    medoid: Candidate
    encoder_basis: str
    language_model_basis: str


@dataclass(frozen=True, repr=False)
class ModelCluster(Answer):
    members: tuple[str, ...]
    medoid: str
    basis: str


@dataclass(frozen=True, repr=False)
class Join(Answer):
    """Clusters below the number of compared models are models; join k makes the next number."""

    first: int
    second: int
    similarity: float
    member_count: int


@dataclass(frozen=True, repr=False)
class ModelClusters(Answer):
    """Clusters of encoders, or of the language models behind `encoder`."""

    clusters: Rows[ModelCluster]
    compared: tuple[str, ...]
    similarity: Optional[tuple[tuple[float, ...], ...]] = None
    joins: Rows[Join] = Rows()
    encoder: Optional[str] = None


@dataclass(frozen=True, repr=False)
class PoolClusters(Answer):
    revision: int
    used_by_search: bool
    clusters: Rows[CandidateCluster]
    encoders: ModelClusters
    language_models: Rows[ModelClusters]


@dataclass(frozen=True, repr=False)
class Resume(Answer):
    """The checkpoint to go on from, in the words of the trial that wrote it."""

    trial: int
    step: int
    checkpoint: Any = None


@dataclass(frozen=True, repr=False)
class Assignment(Answer):
    """What to train: `candidate`, from `resume` or from the start, up to `to_fraction` of the data, on `gpus`.

    `seed` counts the candidate's earlier trainings from the start; the randomness of this one is drawn by it.
    """

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
    seed: int = 0
    repeated: bool = False


@dataclass(frozen=True, repr=False)
class NoTrial(Answer):
    """There is no trial for this worker now; false, so that `while trial := pool.next_trial()` ends."""

    reason: str
    finished: bool
    retry_after_seconds: Optional[float] = None

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, repr=False)
class TrialDecision(Answer):
    """`decision` is "continue", "pause" or "stop"; after the last two the trial has ended."""

    trial: int
    step: int
    decision: str
    reason: str
    duplicate: bool = False

    @property
    def goes_on(self) -> bool:
        return self.decision == "continue"

    @property
    def ended(self) -> bool:
        """Whether the trial has ended: save the weights where it was paused, and leave the training loop."""
        return self.decision != "continue"


@dataclass(frozen=True, repr=False)
class TrialEnded(Answer):
    trial: int
    outcome: str
    goes_on: bool


@dataclass(frozen=True, repr=False)
class TrialCheckpoint(Answer):
    """Weights that a trial saved; they may be deleted where `needed` is false."""

    step: int
    data_fraction: float
    checkpoint: Any
    needed: bool


@dataclass(frozen=True, repr=False)
class ListedTrial(Answer):
    """A trial; `state` is "open" or how it ended."""

    trial: int
    candidate: Candidate
    state: str
    gpus: tuple[str, ...]
    from_fraction: float
    to_fraction: float
    phase: str
    heard_seconds: float
    checkpoints: Rows[TrialCheckpoint]
    worker: Optional[str] = None
    last_step: Optional[int] = None
    last_data_fraction: Optional[float] = None
    expired: bool = False


@dataclass(frozen=True, repr=False)
class TrialPage(Answer):
    revision: int
    open_trial_count: int
    trials: Rows[ListedTrial]
    next_offset: Optional[int] = None


@dataclass(frozen=True, repr=False)
class DirectedCandidate(Answer):
    """A candidate after a decision about it; `closure` says why it is not trained further."""

    revision: int
    pinned: bool
    finished: bool
    closure: Optional[str] = None
    trial: Optional[int] = None


@dataclass(frozen=True, repr=False)
class SearchRevised(Answer):
    """What other rules or another budget changed."""

    revision: int
    candidate_count: int
    excluded_count: int
    readmitted_count: int
    added_count: int
    finished_before: bool
    finished: bool
    finish_reason: Optional[str] = None


@dataclass(frozen=True, repr=False)
class Prediction(Answer):
    """`score_interval` holds the score on all data with probability 0.9; None while nothing has been observed."""

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
