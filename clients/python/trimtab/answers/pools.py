"""Answers about what candidates are made of, and how alike they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

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
    start_seconds: Optional[float] = None
    layer_count: Optional[int] = None


@dataclass(frozen=True, repr=False)
class EvidenceScore(Answer):
    """A figure of all candidates that have the named parts."""

    score: float
    encoder: Optional[str] = None
    projector: Optional[str] = None
    language_model: Optional[str] = None


@dataclass(frozen=True, repr=False)
class EvidenceSource(Answer):
    """Figures from one place; `kind` is "sameTask", "relatedTask" or "side"."""

    name: str
    kind: str
    scores: tuple[EvidenceScore, ...]
    direction: str = "maximize"


@dataclass(frozen=True, repr=False)
class Metric(Answer):
    """`direction` is "maximize" or "minimize"; `range` the least and the greatest possible score."""

    name: str
    direction: str
    range: Optional[tuple[float, ...]] = None
    error_transform: Optional[str] = None


@dataclass(frozen=True, repr=False)
class TaskMetric(Answer):
    """One of several metrics of a task: it counts by `weight`, and no score beyond `floor` is acceptable."""

    name: str
    direction: str
    range: tuple[float, ...]
    weight: Optional[float] = None
    floor: Optional[float] = None
    error_transform: Optional[str] = None


@dataclass(frozen=True, repr=False)
class SelectionTask(Answer):
    """What candidates are wanted for, scored by one `metric` or, where that is None, by `metrics`.

    `curve` says what the points of learning curves are: "finished", each the end of a training of its own, or
    "snapshot", points of one run, whose learning rate falls from `decay_start_fraction` of the data on.
    """

    name: str
    metric: Optional[Metric]
    alignment_sample_count: int
    metrics: Optional[tuple[TaskMetric, ...]] = None
    floor_probability_fraction: Optional[float] = None
    curve: Optional[str] = None
    decay_start_fraction: Optional[float] = None


@dataclass(frozen=True, repr=False)
class Candidate(Answer):
    encoder: str
    language_model: str
    projector: Optional[str] = None

    @property
    def name(self) -> str:
        """Its parts in a few words, such as `siglip + mlp + qwen`."""
        return " + ".join(part for part in (self.encoder, self.projector, self.language_model) if part)


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
