"""One pure function per RPC method: what it sends and how its answer is read. Both clients are made of these."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, Generic, Optional, TypeVar, Union

from . import answers
from .answers import GPU, ModelPart, ProfileRow, SelectionTask, Withdrawal, deeply, named, reader, to_wire

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Progress = Callable[[Mapping[str, Any]], None]


class Request(Generic[T_co]):
    """A request not yet sent; `session.request` and `client.request` make them for `pipeline_requests`."""

    __slots__ = ("method", "params", "read")

    def __init__(self, method: str, params: Mapping[str, Any], read: Optional[Callable[[Any], T_co]] = None) -> None:
        self.method, self.params, self.read = method, params, read


def _sequence_of(kind: type[T], member: str) -> Callable[[Any], tuple[T, ...]]:
    read = reader(tuple[kind, ...])  # type: ignore[valid-type]
    assert read is not None
    return lambda wire: read(wire[member])


class ClientMethods:
    """Requests that belong to no session."""

    def call(self, method: str, params: Optional[Mapping[str, Any]] = None) -> Request[Any]:
        return Request(method, params or {})

    def list_sessions(self) -> Request[tuple[answers.SessionSummary, ...]]:
        return Request("session/list", {}, _sequence_of(answers.SessionSummary, "sessions"))


class SessionMethods:
    """Requests of one session, which fills in its name."""

    def __init__(self, session: str) -> None:
        self.session = session

    def _request(self, method: str, kind: Any, fields: Mapping[str, Any]) -> Request[Any]:
        params: dict[str, Any] = {"session": self.session}
        params.update(named(fields))
        return Request(method, params, reader(kind))

    def close(self) -> Request[Any]:
        return self._request("session/close", None, {})

    def export(self) -> Request[answers.SessionExport]:
        return self._request("session/export", answers.SessionExport, {})

    def register_gpus(self, gpus: Iterable[GPU]) -> Request[answers.GPUCount]:
        return self._request("gpu/register", answers.GPUCount, {"gpus": [to_wire(gpu) for gpu in gpus]})

    def retire_gpus(self, ids: Sequence[str], *, reason: Optional[str] = None) -> Request[answers.GPUCount]:
        return self._request("gpu/retire", answers.GPUCount, {"ids": list(ids), "reason": reason})

    def list_gpus(self) -> Request[tuple[GPU, ...]]:
        return Request("gpu/list", {"session": self.session}, _sequence_of(GPU, "gpus"))

    def define_pipeline(
        self, pipeline: str, *, stages: int, job: Optional[str] = None, schedule: Optional[str] = None,
        microbatches: Optional[int] = None,
        chunks_per_rank: Optional[int] = None, microbatch_group_size: Optional[int] = None,
        schedule_csv: Optional[str] = None,
        blocking_power_watts: Union[float, Sequence[float], None] = None,
        power_limit_watts: Union[float, Sequence[float], None] = None, gpus: Optional[Sequence[str]] = None,
        switch_latency_seconds: Union[float, Sequence[float], None] = None,
        switch_energy_joules: Union[float, Sequence[float], None] = None,
        tensor_parallel_width: Optional[int] = None, data_parallel_width: Optional[int] = None,
        context_parallel_width: Optional[int] = None, rank_order: Optional[str] = None,
        rank_map: Optional[Sequence[tuple[int, int]]] = None, data_loading_stages: Optional[Sequence[int]] = None,
        optimizer_step: Optional[bool] = None, transfer_seconds: Union[float, Sequence[float], None] = None,
        backward_transfer_seconds: Union[float, Sequence[float], None] = None,
        instructions: Optional[Sequence[Mapping[str, Any]]] = None,
        dependencies: Optional[Sequence[Union[tuple[str, str], tuple[str, str, float]]]] = None,
    ) -> Request[answers.PipelineDefined]:
        """A named schedule (`schedule`, `microbatches`), PyTorch's `schedule_csv`, or `instructions` and `dependencies` in wire form.

        A dependency is `(before, after)` or `(before, after, seconds)`: a transfer takes that long in between.
        """
        fields = dict(locals())
        del fields["self"]
        return self._request("pipeline/define", answers.PipelineDefined, fields)

    def pipeline(self, pipeline: str) -> Request[answers.PipelineDetail]:
        """The definition, the schedule as PyTorch's CSV, and how far the frontier is."""
        return self._request("pipeline/get", answers.PipelineDetail, {"pipeline": pipeline})

    def replicate_pipeline(self, pipeline: str, replicas: Sequence[str]) -> Request[answers.PipelinesReplicated]:
        """Pipelines that share the definition, profile and frontier of one, in its job."""
        return self._request("pipeline/replicate", answers.PipelinesReplicated,
                             {"pipeline": pipeline, "replicas": list(replicas)})

    def submit_profile(
        self, pipeline: str, *, rows: Optional[Iterable[ProfileRow]] = None, csv_path: Optional[str] = None,
        csv_text: Optional[str] = None, withdraw: Optional[Iterable[Withdrawal]] = None,
        sampling_interval_seconds: Optional[float] = None, keep_samples: Optional[bool] = None,
        refuse_implausible: Optional[bool] = None,
    ) -> Request[answers.ProfileSubmitted]:
        """Adds or revises measurements, or takes them back; rows that repeat a frequency are samples of it."""
        return self._request("profile/submit", answers.ProfileSubmitted, {
            "pipeline": pipeline, "rows": None if rows is None else [to_wire(row) for row in rows],
            "csv_path": csv_path, "csv_text": csv_text,
            "withdraw": None if withdraw is None else [to_wire(one) for one in withdraw],
            "sampling_interval_seconds": sampling_interval_seconds, "keep_samples": keep_samples,
            "refuse_implausible": refuse_implausible})

    def characterize(
        self, pipeline: str, *, plan_count: Optional[int] = None, certify: Optional[bool] = None,
        follow: Optional[bool] = None, breakpoint_budget: Optional[int] = None,
        tolerance_fraction: Optional[float] = None, round_count: Optional[int] = None,
        sufficient_gap_fraction: Optional[float] = None,
    ) -> Request[answers.Characterization]:
        """A lower bound with more corners than `breakpoint_budget` is bracketed to `tolerance_fraction`.

        `round_count` rounds of longer search bring plans nearer to it; deadlines with a plan within
        `sufficient_gap_fraction` of it are not searched further.

        `follow`: compute it anew in the background whenever the profile changes; `frontier/changed` tells.
        """
        return self._request("frontier/characterize", answers.Characterization, {
            "pipeline": pipeline, "plan_count": plan_count, "certify": certify, "follow": follow,
            "breakpoint_budget": breakpoint_budget, "tolerance_fraction": tolerance_fraction,
            "round_count": round_count, "sufficient_gap_fraction": sufficient_gap_fraction})

    def query(
        self, pipeline: str, *, deadline_seconds: Optional[float] = None, slowdown_fraction: Optional[float] = None,
        straggler_time_seconds: Optional[float] = None, energy_budget_joules: Optional[float] = None,
        average_power_watts: Optional[float] = None, average_device_power_watts: Optional[float] = None,
        objective: Optional[str] = None,
    ) -> Request[answers.FrontierPoint]:
        """Exactly one selector; `objective` is "fastest", "cheapest", "energyDelayProduct" or
        "energyDelaySquaredProduct". `average_power_watts` caps the job, `average_device_power_watts` each GPU."""
        return self._request("frontier/query", answers.FrontierPoint, {
            "pipeline": pipeline, "deadline_seconds": deadline_seconds, "slowdown_fraction": slowdown_fraction,
            "straggler_time_seconds": straggler_time_seconds, "energy_budget_joules": energy_budget_joules,
            "average_power_watts": average_power_watts, "average_device_power_watts": average_device_power_watts,
            "objective": objective})

    def curve(self, pipeline: str, *, picture: Optional[bool] = None) -> Request[answers.Curve]:
        return self._request("frontier/curve", answers.Curve, {"pipeline": pipeline, "picture": picture})

    def savings(
        self, pipeline: str, *, slowdown_fractions: Optional[Sequence[float]] = None,
    ) -> Request[answers.Savings]:
        """What every other pipeline saves while a straggler is slower by each of these fractions."""
        return self._request("frontier/savings", answers.Savings,
                             {"pipeline": pipeline, "slowdown_fractions": slowdown_fractions})

    def report_straggler(
        self, pipeline: str, *, replica: Optional[int] = None, rank: Optional[int] = None,
        global_rank: Optional[int] = None, slowdown_fraction: Optional[float] = None, iteration_time_seconds: Optional[float] = None,
        busy_times_seconds: Optional[Sequence[float]] = None,
        rank_slowdown_fractions: Optional[Sequence[float]] = None, plan: Optional[int] = None,
        generation: Optional[int] = None, tolerance_fraction: Optional[float] = None, ended: Optional[bool] = None,
    ) -> Request[answers.StragglerReported]:
        """Exactly one of `slowdown_fraction`, `iteration_time_seconds`, `busy_times_seconds`,
        `rank_slowdown_fractions` and `ended`. What changes comes as `plan/changed`: see `plan_changed`."""
        fields = dict(locals())
        del fields["self"]
        return self._request("straggler/report", answers.StragglerReported, fields)

    def job(self, job: str) -> Request[answers.Job]:
        """What each pipeline of a job runs now."""
        return self._request("job/get", answers.Job, {"job": job})

    def plan(
        self, pipeline: str, *, plan: Optional[int] = None, deadline_seconds: Optional[float] = None,
        slowdown_fraction: Optional[float] = None, energy_budget_joules: Optional[float] = None,
        average_power_watts: Optional[float] = None, average_device_power_watts: Optional[float] = None,
        objective: Optional[str] = None, straggler_time_seconds: Optional[float] = None,
        generation: Optional[int] = None, stage: Optional[int] = None, rank: Optional[int] = None,
        global_rank: Optional[int] = None,
    ) -> Request[answers.PlanDetail]:
        """A plan's clocks by its number, or by any selector of `query`; of all stages, or of a stage or rank."""
        return self._request("plan/get", answers.PlanDetail, {
            "pipeline": pipeline, "plan": plan, "deadline_seconds": deadline_seconds,
            "slowdown_fraction": slowdown_fraction, "energy_budget_joules": energy_budget_joules,
            "average_power_watts": average_power_watts, "average_device_power_watts": average_device_power_watts,
            "objective": objective, "straggler_time_seconds": straggler_time_seconds, "generation": generation,
            "stage": stage, "rank": rank, "global_rank": global_rank})

    def uncertainty(
        self, pipeline: str, *, plan: Optional[int] = None, generation: Optional[int] = None,
        deadline_seconds: Optional[float] = None, slowdown_fraction: Optional[float] = None,
        energy_budget_joules: Optional[float] = None, average_power_watts: Optional[float] = None,
        average_device_power_watts: Optional[float] = None, objective: Optional[str] = None,
        resample_count: Optional[int] = None, confidence_fraction: Optional[float] = None,
        resampling: Optional[str] = None,
    ) -> Request[answers.PlanUncertainty]:
        """How far measurement noise lets a plan's outcome be off: `resampling` "options" says how well it is known,
        "executions" how iterations differ. A deadline beside `plan` is the one it may miss."""
        fields = dict(locals())
        del fields["self"]
        return self._request("plan/uncertainty", answers.PlanUncertainty, fields)

    def series(
        self, pipeline: str, *, prices: Iterable[tuple[float, float]], end_seconds: float,
        iteration_count: Optional[float] = None, iterations_per_second: Optional[float] = None,
        value_per_iteration: Optional[float] = None, unit: Optional[str] = None, may_pause: Optional[bool] = None,
        paused_power_watts: Optional[float] = None,
    ) -> Request[answers.PlanSeries]:
        """A plan for each interval of `prices`, pairs of start in seconds and price per joule. Exactly one goal."""
        return self._request("plan/series", answers.PlanSeries, {
            "pipeline": pipeline, "end_seconds": end_seconds, "unit": unit,
            "prices": [{"startSeconds": start, "pricePerJoule": price} for start, price in prices],
            "iteration_count": iteration_count, "iterations_per_second": iterations_per_second,
            "value_per_iteration": value_per_iteration, "may_pause": may_pause,
            "paused_power_watts": paused_power_watts})

    def timeline(
        self, pipeline: str, *, plan: Optional[int] = None, deadline_seconds: Optional[float] = None,
        slowdown_fraction: Optional[float] = None, energy_budget_joules: Optional[float] = None,
        average_power_watts: Optional[float] = None, average_device_power_watts: Optional[float] = None,
        objective: Optional[str] = None, picture: Optional[bool] = None,
    ) -> Request[answers.Timeline]:
        """A plan laid out in time, rank by rank; with `picture` as SVG too, below the iteration at the highest clocks."""
        return self._request("plan/timeline", answers.Timeline, {
            "pipeline": pipeline, "plan": plan, "deadline_seconds": deadline_seconds,
            "slowdown_fraction": slowdown_fraction, "energy_budget_joules": energy_budget_joules,
            "average_power_watts": average_power_watts, "average_device_power_watts": average_device_power_watts,
            "objective": objective, "picture": picture})

    def submit_pool(
        self, *, encoders: Iterable[ModelPart] = (), language_models: Iterable[ModelPart] = (),
        projectors: Iterable[ModelPart] = (), task: Optional[SelectionTask] = None,
        constraints: Optional[Mapping[str, Any]] = None, search: Optional[Mapping[str, Any]] = None,
    ) -> Request[answers.PoolSubmitted]:
        """The candidates of a search, or more of them; `constraints` and `search` in wire form or with Python names."""
        parts = {"encoders": encoders, "language_models": language_models, "projectors": projectors}
        fields: dict[str, Any] = {name: deeply(list(given)) or None for name, given in parts.items()}
        fields.update(task=deeply(task), constraints=deeply(constraints), search=deeply(search))
        return self._request("pool/submit", answers.PoolSubmitted, fields)

    def attach_representation(
        self, encoder: str, *, language_model: Optional[str] = None, npy_path: Optional[str] = None,
        base64: Optional[str] = None, element_type: Optional[str] = None, shape: Optional[Sequence[int]] = None,
        rows: Optional[Sequence[Sequence[float]]] = None,
    ) -> Request[answers.RepresentationAttached]:
        """A .npy file below a root, base64 with `element_type` and `shape`, or rows; one row for each sample."""
        return self._request("pool/attachRepresentation", answers.RepresentationAttached, {
            "encoder": encoder, "language_model": language_model, "npy_path": npy_path, "base64": base64,
            "element_type": element_type, "shape": None if shape is None else list(shape),
            "rows": None if rows is None else [list(row) for row in rows]})

    def pool_clusters(self, **settings: Any) -> Request[answers.PoolClusters]:
        """`kernel`, `bandwidth_fraction`, `estimator`, `batch_size`, `encoder_similarity`, `language_model_similarity`,
        `linkage`."""
        return self._request("pool/clusters", answers.PoolClusters, settings)

    def next_trial(
        self, worker: Optional[str] = None, *, gpus: Optional[Sequence[str]] = None,
        memory_bytes: Optional[int] = None, elapsed_seconds: Optional[float] = None,
    ) -> Request[Union[answers.Assignment, answers.NoTrial]]:
        request = self._request("trial/next", None, {
            "worker": worker, "gpus": None if gpus is None else list(gpus), "memory_bytes": memory_bytes,
            "elapsed_seconds": elapsed_seconds})
        request.read = _read_next_trial
        return request

    def update_trial(
        self, trial: int, step: int, score: float, *, data_fraction: Optional[float] = None,
        sample_count: Optional[int] = None, gpu_seconds: Optional[float] = None,
        energy_joules: Optional[float] = None, elapsed_seconds: Optional[float] = None, checkpoint: Any = None,
        last: Optional[bool] = None,
    ) -> Request[answers.TrialDecision]:
        """A score that is not finite says that training has diverged."""
        return self._request("trial/update", answers.TrialDecision, {
            "trial": trial, "step": step, "score": spelled(score), "data_fraction": data_fraction,
            "sample_count": sample_count, "gpu_seconds": gpu_seconds, "energy_joules": energy_joules,
            "elapsed_seconds": elapsed_seconds, "checkpoint": checkpoint, "last": last})

    def fail_trial(
        self, trial: int, kind: str, *, message: Optional[str] = None, memory_bytes: Optional[int] = None,
        elapsed_seconds: Optional[float] = None,
    ) -> Request[answers.TrialEnded]:
        """`kind` is "failed", "lost", "outOfMemory" or "paused"."""
        return self._request("trial/fail", answers.TrialEnded, {
            "trial": trial, "kind": kind, "message": message, "memory_bytes": memory_bytes,
            "elapsed_seconds": elapsed_seconds})

    def suggestion(
        self, *, evidence_limit: Optional[int] = None, untried_limit: Optional[int] = None,
    ) -> Request[answers.SuggestionReport]:
        return self._request("suggestion/get", answers.SuggestionReport,
                             {"evidence_limit": evidence_limit, "untried_limit": untried_limit})

    def ranking(self, *, offset: Optional[int] = None, limit: Optional[int] = None) -> Request[answers.Ranking]:
        return self._request("suggestion/ranking", answers.Ranking, {"offset": offset, "limit": limit})

    def suggested_pipelines(
        self, pipelines: Iterable[Mapping[str, Any]] = (), *, stage_count: Optional[int] = None,
    ) -> Request[answers.SuggestedPipelines]:
        """Each of `pipelines` has `encoder`, `language_model`, `projector` if any, `pipeline`, `samples_per_iteration`."""
        return self._request("suggestion/pipeline", answers.SuggestedPipelines,
                             {"pipelines": deeply(list(pipelines)) or None, "stage_count": stage_count})


def spelled(score: float) -> Union[float, str]:
    """JSON has no numbers that are not finite; the protocol has words for them."""
    if math.isfinite(score):
        return score
    return "NaN" if math.isnan(score) else "Infinity" if score > 0 else "-Infinity"


_read_assignment, _read_wait = reader(answers.Assignment), reader(answers.NoTrial)


def _read_next_trial(wire: Mapping[str, Any]) -> Union[answers.Assignment, answers.NoTrial]:
    assert _read_assignment is not None and _read_wait is not None
    return _read_assignment(wire) if "trial" in wire else _read_wait(wire["wait"])  # type: ignore[no-any-return]
