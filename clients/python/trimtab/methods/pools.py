"""The pool of a search, decisions about its candidates, and what it suggests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union, get_args

from .. import answers
from ..answers.wire import deeply, in_base64
from ..binding import Method
from ..declared import (
    Budget,
    ElementType,
    Estimator,
    Kernel,
    Linkage,
    ParetoObjective,
    PoolConstraints,
    SearchSettings,
    TrainedBy,
)
from ..requests import Progress, Request
from .base import Array, OfSession

if TYPE_CHECKING:
    from ..answers import ModelPart, SelectionTask


class PoolMethods(OfSession):
    @Method
    def submit_pool(
        self, *, encoders: Iterable[ModelPart] = (), language_models: Iterable[ModelPart] = (),
        projectors: Iterable[ModelPart] = (), task: Optional[SelectionTask] = None,
        constraints: Optional[PoolConstraints] = None, search: Optional[SearchSettings] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.PoolSubmitted]:
        """The candidates of a search, or more of them.

        Example:

            session.submit_pool(encoders=[ModelPart("clip")], language_models=[ModelPart("qwen")], task=task)
        """
        return self._request(
            "pool/submit", answers.PoolSubmitted, encoders=deeply(list(encoders)) or None,
            language_models=deeply(list(language_models)) or None, projectors=deeply(list(projectors)) or None,
            task=deeply(task), constraints=deeply(constraints), search=deeply(search), timeout=timeout)

    @Method
    def attach_representation(
        self, encoder: str, *, language_model: Optional[str] = None, npy_path: Optional[str] = None,
        base64: Optional[str] = None, element_type: Optional[ElementType] = None, shape: Optional[Sequence[int]] = None,
        rows: Union[Sequence[Sequence[float]], Array, None] = None, crc32c: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.RepresentationAttached]:
        """A .npy file below a root, base64 with `element_type` and `shape`, or rows; one row for each sample.

            session.attach_representation("clip", rows=features)  # a NumPy array of float16, float32 or float64

        An array of these types is sent as base64, which takes half the bytes of numbers and a fraction of the time.
        `crc32c` is the checksum that the .npy file must have, as an export says it.
        """
        if getattr(getattr(rows, "dtype", None), "name", None) in get_args(ElementType):
            base64, element_type, shape, rows = in_base64(rows)
        return self._request(
            "pool/attachRepresentation", answers.RepresentationAttached, encoder=encoder, language_model=language_model,
            npy_path=npy_path, base64=base64, element_type=element_type, shape=None if shape is None else list(shape),
            rows=None if rows is None else rows if hasattr(rows, "tolist") else [list(row) for row in rows],
            crc32c=crc32c, timeout=timeout)

    @Method
    def submit_evidence(
        self, sources: Iterable[Union[answers.EvidenceSource, Mapping[str, Any]]], *, timeout: Optional[float] = None,
    ) -> Request[answers.EvidenceSubmitted]:
        """Tells the search what is known of candidates or their parts from elsewhere; see `EvidenceSource`.

            session.submit_evidence([EvidenceSource("board", "relatedTask", (EvidenceScore(64.2, encoder="clip"),))])
        """
        return self._request(
            "evidence/submit", answers.EvidenceSubmitted, sources=deeply(list(sources)), timeout=timeout)

    @Method
    def pool_clusters(
        self, *, kernel: Optional[Kernel] = None, bandwidth_fraction: Optional[float] = None,
        estimator: Optional[Estimator] = None, batch_size: Optional[int] = None,
        encoder_similarity: Optional[float] = None, language_model_similarity: Optional[float] = None,
        linkage: Optional[Linkage] = None, progress: Optional[Progress] = None, timeout: Optional[float] = None,
    ) -> Request[answers.PoolClusters]:
        """Clusters the models by their representations; the search uses these clusters from then on.

        `encoder_similarity` and `language_model_similarity` are the least that models of one cluster have.

            session.pool_clusters(encoder_similarity=0.8)
        """
        return self._long(
            progress, timeout, "pool/clusters", answers.PoolClusters, kernel=kernel,
            bandwidth_fraction=bandwidth_fraction, estimator=estimator, batch_size=batch_size,
            encoder_similarity=encoder_similarity, language_model_similarity=language_model_similarity, linkage=linkage)

    @Method
    def revise_search(
        self, *, constraints: Optional[PoolConstraints] = None, budget: Optional[Budget] = None,
        metrics: Sequence[Mapping[str, Any]] = (), floor_probability_fraction: Optional[float] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.SearchRevised]:
        """Replaces rules, budget, or weights and floors of metrics while the search runs, and says what that changed.
        A floor "none" lifts it.

        Example:

            session.revise_search(budget={"gpu_seconds": 3.6e6}, metrics=[{"name": "latency", "floor": 0.4}])
        """
        return self._request(
            "search/revise", answers.SearchRevised, constraints=deeply(constraints), budget=deeply(budget),
            metrics=deeply(list(metrics)) or None, floor_probability_fraction=floor_probability_fraction,
            timeout=timeout)

    @Method
    def pin_candidate(
        self, encoder: str, language_model: str, *, projector: Optional[str] = None, pinned: Optional[bool] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.DirectedCandidate]:
        """Keeps a candidate from being stopped as hopeless; `pinned=False` lifts that.

        Example:

            session.pin_candidate("clip", "qwen")
        """
        return self._request(
            "candidate/pin", answers.DirectedCandidate, encoder=encoder, language_model=language_model,
            projector=projector, pinned=pinned, timeout=timeout)

    @Method
    def ban_candidate(
        self, encoder: str, language_model: str, *, projector: Optional[str] = None, banned: Optional[bool] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.DirectedCandidate]:
        """Excludes a candidate from training and suggestion; `banned=False` lifts that.

        Example:

            session.ban_candidate("clip", "qwen")
        """
        return self._request(
            "candidate/ban", answers.DirectedCandidate, encoder=encoder, language_model=language_model,
            projector=projector, banned=banned, timeout=timeout)

    @Method
    def advance_candidate(
        self, encoder: str, language_model: str, *, projector: Optional[str] = None,
        to_fraction: Optional[float] = None, repeat: Optional[bool] = None, timeout: Optional[float] = None,
    ) -> Request[answers.DirectedCandidate]:
        """Trains a candidate next, up to `to_fraction` of the data or on all of them; `repeat` from the start, with
        another seed.

        Example:

            session.advance_candidate("clip", "qwen", to_fraction=0.5)
        """
        return self._request(
            "candidate/advance", answers.DirectedCandidate, encoder=encoder, language_model=language_model,
            projector=projector, to_fraction=to_fraction, repeat=repeat, timeout=timeout)

    @Method
    def withdraw_candidate(
        self, encoder: str, language_model: str, *, projector: Optional[str] = None, timeout: Optional[float] = None,
    ) -> Request[answers.DirectedCandidate]:
        """Removes a candidate from the search for good, and ends its open trial.

        Example:

            session.withdraw_candidate("clip", "qwen")
        """
        return self._request(
            "candidate/withdraw", answers.DirectedCandidate, encoder=encoder, language_model=language_model,
            projector=projector, timeout=timeout)

    @Method
    def suggestion(
        self, *, evidence_limit: Optional[int] = None, untried_limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.SuggestionReport]:
        """The best candidate so far, what it rests on and what it has cost.

        Example:

            session.suggestion(evidence_limit=3).suggestion
        """
        return self._request(
            "suggestion/get", answers.SuggestionReport, evidence_limit=evidence_limit, untried_limit=untried_limit,
            timeout=timeout)

    @Method
    def ranking(
        self, *, offset: Optional[int] = None, limit: Optional[int] = None, timeout: Optional[float] = None,
    ) -> Request[answers.Ranking]:
        """All candidates from the best down, a page at a time.

        Example:

            session.ranking(limit=10).ranking.to_frame()
        """
        return self._request("suggestion/ranking", answers.Ranking, offset=offset, limit=limit, timeout=timeout)

    @Method
    def pareto_set(
        self,
        *,
        objectives: Optional[Sequence[ParetoObjective]] = None,
        metrics: Optional[Sequence[str]] = None,
        score_floor: Optional[float] = None,
        floor_probability_fraction: Optional[float] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.ParetoSet]:
        """The candidates that no other beats in every objective, and that reach `score_floor` probably enough.

        Example:

            session.pareto_set(objectives=["score", "latencySeconds"], score_floor=0.6)
        """
        return self._request(
            "suggestion/pareto",
            answers.ParetoSet,
            objectives=None if objectives is None else list(objectives),
            metrics=None if metrics is None else list(metrics),
            score_floor=score_floor,
            floor_probability_fraction=floor_probability_fraction,
            timeout=timeout,
        )

    @Method
    def suggested_pipelines(
        self, pipelines: Iterable[TrainedBy] = (), *, stage_count: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.SuggestedPipelines]:
        """Candidates by score and by the energy of training them, or by stages of equal size with `stage_count`.

        Example:

            session.suggested_pipelines(stage_count=8)
        """
        return self._request(
            "suggestion/pipeline", answers.SuggestedPipelines, pipelines=deeply(list(pipelines)) or None,
            stage_count=stage_count, timeout=timeout)
