"""Each RPC method, declared once: what it sends and how its answer is read. Both clients have them all.

A declaration is a function that gives a `Request`. As a method of a blocking client it gives the answer, of an asyncio
client something to await, and of `client.request` or `session.request` the request itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, Optional, TypeVar, Union

from . import answers
from .answers import (
    GPU,
    MeasuredIteration,
    ModelPart,
    PlanSetting,
    ProfileRow,
    SelectionTask,
    Withdrawal,
    camel,
    deeply,
    named,
    reader,
    to_wire,
)
from .binding import Awaited, Method, Now, Unsent
from .declared import (
    Budget,
    Effort,
    ElementType,
    Estimate,
    Estimator,
    Kernel,
    Linkage,
    Objective,
    ParetoObjective,
    PoolConstraints,
    PowerGroup,
    PowerJob,
    PowerMeasure,
    Resampling,
    Schedule,
    SearchSettings,
    TrainedBy,
    TrialFailure,
)
from .requests import Progress, Request

__all__ = ["Awaited", "ClientMethods", "ClientRequests", "Now", "SessionMethods", "SessionRequests"]

T = TypeVar("T")
PerRank = Union[float, Sequence[float], None]


def _sequence_of(kind: type[T], member: str) -> Callable[[Any], tuple[T, ...]]:
    read = reader(tuple[kind, ...])  # type: ignore[valid-type]
    assert read is not None
    return lambda wire: read(wire[member])


class ClientMethods:
    """Methods of a client that belong to no session."""

    @Method
    def list_sessions(self) -> Request[tuple[answers.SessionSummary, ...]]:
        """The open sessions, in the order in which they were opened."""
        return Request("session/list", {}, _sequence_of(answers.SessionSummary, "sessions"))


class ClientRequests(ClientMethods, Unsent):
    """Requests that belong to no session."""

    def open_session(
        self, session: Optional[str] = None, *, seed: Optional[int] = None
    ) -> Request[answers.SessionOpened]:
        """Opens a session, or resumes the open one of this name."""
        return Request("session/open", named({"session": session, "seed": seed}), reader(answers.SessionOpened))

    def call(self, method: str, params: Optional[Mapping[str, Any]] = None) -> Request[Any]:
        """Any method, with params in wire form; the answer is in wire form too."""
        return Request(method, params or {})


class SessionMethods:
    """Methods of one session, which fills in its name."""

    name: str

    def _request(self, method: str, answer: Any, /, **fields: Any) -> Request[Any]:
        params: dict[str, Any] = {"session": self.name}
        for name, value in fields.items():
            if value is not None:
                params[camel(name)] = value
        return Request(method, params, reader(answer))

    def _long(
        self, progress: Optional[Progress], timeout: Optional[float], method: str, answer: Any, /, **fields: Any
    ) -> Request[Any]:
        request = self._request(method, answer, **fields)
        return Request(method, request.params, request.read, progress=progress, timeout=timeout)

    @Method
    def close(self) -> Request[Any]:
        """Ends the session; its running computations are cancelled."""
        return self._request("session/close", None)

    @Method
    def export(self) -> Request[answers.SessionExport]:
        """The fewest requests that make an equal session."""
        return self._request("session/export", answers.SessionExport)

    @Method
    def register_gpus(self, gpus: Iterable[GPU]) -> Request[answers.GPUCount]:
        """Registers GPUs, or describes known ones again."""
        return self._request("gpu/register", answers.GPUCount, gpus=[to_wire(gpu) for gpu in gpus])

    @Method
    def retire_gpus(self, ids: Sequence[str], *, reason: Optional[str] = None) -> Request[answers.GPUCount]:
        """Takes GPUs out of the session; trials that run on them are lost."""
        return self._request("gpu/retire", answers.GPUCount, ids=list(ids), reason=reason)

    @Method
    def list_gpus(self) -> Request[tuple[GPU, ...]]:
        """The registered GPUs, in the order of registration."""
        return Request("gpu/list", {"session": self.name}, _sequence_of(GPU, "gpus"))

    @Method
    def define_pipeline(
        self, pipeline: str, *, stages: int, job: Optional[str] = None, schedule: Optional[Schedule] = None,
        microbatches: Optional[int] = None,
        chunks_per_rank: Optional[int] = None, microbatch_group_size: Optional[int] = None,
        schedule_csv: Optional[str] = None,
        blocking_power_watts: PerRank = None,
        power_limit_watts: PerRank = None, gpus: Optional[Sequence[str]] = None,
        switch_latency_seconds: PerRank = None,
        switch_energy_joules: PerRank = None,
        tensor_parallel_width: Optional[int] = None, data_parallel_width: Optional[int] = None,
        context_parallel_width: Optional[int] = None, rank_order: Optional[str] = None,
        rank_map: Optional[Sequence[tuple[int, int]]] = None, data_loading_stages: Optional[Sequence[int]] = None,
        optimizer_step: Optional[bool] = None, transfer_seconds: PerRank = None,
        backward_transfer_seconds: PerRank = None,
        instructions: Optional[Sequence[Mapping[str, Any]]] = None,
        dependencies: Optional[Sequence[Union[tuple[str, str], tuple[str, str, float]]]] = None,
    ) -> Request[answers.PipelineDefined]:
        """A named schedule (`schedule`, `microbatches`), PyTorch's `schedule_csv`, or `instructions` and `dependencies`
        in wire form.

        A dependency is `(before, after)` or `(before, after, seconds)`: a transfer takes that long in between.
        """
        return self._request(
            "pipeline/define", answers.PipelineDefined, pipeline=pipeline, stages=stages, job=job, schedule=schedule,
            microbatches=microbatches, chunks_per_rank=chunks_per_rank, microbatch_group_size=microbatch_group_size,
            schedule_csv=schedule_csv, blocking_power_watts=blocking_power_watts, power_limit_watts=power_limit_watts,
            gpus=gpus, switch_latency_seconds=switch_latency_seconds, switch_energy_joules=switch_energy_joules,
            tensor_parallel_width=tensor_parallel_width, data_parallel_width=data_parallel_width,
            context_parallel_width=context_parallel_width, rank_order=rank_order, rank_map=rank_map,
            data_loading_stages=data_loading_stages, optimizer_step=optimizer_step, transfer_seconds=transfer_seconds,
            backward_transfer_seconds=backward_transfer_seconds, instructions=instructions, dependencies=dependencies)

    @Method
    def pipeline(self, pipeline: str) -> Request[answers.PipelineDetail]:
        """The definition, the schedule as PyTorch's CSV, and how far the frontier is."""
        return self._request("pipeline/get", answers.PipelineDetail, pipeline=pipeline)

    @Method
    def replicate_pipeline(self, pipeline: str, replicas: Sequence[str]) -> Request[answers.PipelinesReplicated]:
        """Pipelines that share the definition, profile and frontier of one, in its job."""
        return self._request(
            "pipeline/replicate", answers.PipelinesReplicated, pipeline=pipeline, replicas=list(replicas))

    @Method
    def submit_profile(
        self, pipeline: str, *, rows: Optional[Iterable[ProfileRow]] = None, csv_path: Optional[str] = None,
        csv_text: Optional[str] = None, withdraw: Optional[Iterable[Withdrawal]] = None,
        sampling_interval_seconds: Optional[float] = None, keep_samples: Optional[bool] = None,
        refuse_implausible: Optional[bool] = None, knob_columns: Optional[Sequence[str]] = None,
    ) -> Request[answers.ProfileSubmitted]:
        """Adds or revises measurements, or takes them back; rows that repeat a frequency are samples of it.

        Columns of a CSV beside `frequency` make it an object with a member for each; `knob_columns` says which."""
        return self._request(
            "profile/submit", answers.ProfileSubmitted, pipeline=pipeline,
            rows=None if rows is None else [to_wire(row) for row in rows], csv_path=csv_path, csv_text=csv_text,
            withdraw=None if withdraw is None else [to_wire(one) for one in withdraw],
            sampling_interval_seconds=sampling_interval_seconds, keep_samples=keep_samples,
            refuse_implausible=refuse_implausible, knob_columns=None if knob_columns is None else list(knob_columns))

    @Method
    def characterize(
        self, pipeline: str, *, plan_count: Optional[int] = None, certify: Optional[bool] = None,
        follow: Optional[bool] = None, breakpoint_budget: Optional[int] = None,
        tolerance_fraction: Optional[float] = None, effort: Optional[Effort] = None,
        round_count: Optional[int] = None, sufficient_gap_fraction: Optional[float] = None,
        estimate: Optional[Estimate] = None, progress: Optional[Progress] = None, timeout: Optional[float] = None,
    ) -> Request[answers.Characterization]:
        """Computes the frontier; `progress` gets `{"kind": ..., "percentage": ...}` as it goes.

        A lower bound with more corners than `breakpoint_budget` is bracketed to `tolerance_fraction`.

        `effort`: "quick" takes milliseconds on small problems, "standard" about a second on all cores together;
        `round_count` rounds of longer search after that bring plans nearer to the bound; deadlines with a plan within
        `sufficient_gap_fraction` of it are not searched further.

        `estimate="smoothed"`: plan on what the samples of all stages say of the true tables, for noisy profiles.

        `follow`: compute it again in the background whenever the profile changes; `frontier/changed` says when.
        """
        return self._long(
            progress, timeout, "frontier/characterize", answers.Characterization, pipeline=pipeline,
            plan_count=plan_count, certify=certify, follow=follow, breakpoint_budget=breakpoint_budget,
            tolerance_fraction=tolerance_fraction, effort=effort, round_count=round_count,
            sufficient_gap_fraction=sufficient_gap_fraction, estimate=estimate)

    @Method
    def query(
        self, pipeline: str, *, deadline_seconds: Optional[float] = None, slowdown_fraction: Optional[float] = None,
        straggler_time_seconds: Optional[float] = None, energy_budget_joules: Optional[float] = None,
        average_power_watts: Optional[float] = None, average_device_power_watts: Optional[float] = None,
        peak_power_watts: Optional[float] = None,
        objective: Optional[Objective] = None, miss_fraction: Optional[float] = None,
        resampling: Optional[Resampling] = None,
    ) -> Request[answers.FrontierPoint]:
        """The best plan for exactly one selector. `average_power_watts` caps the job, `average_device_power_watts` each
        GPU. `miss_fraction`: the cheapest plan that misses the deadline no more often, on estimated tables."""
        return self._request(
            "frontier/query", answers.FrontierPoint, pipeline=pipeline, deadline_seconds=deadline_seconds,
            slowdown_fraction=slowdown_fraction, straggler_time_seconds=straggler_time_seconds,
            energy_budget_joules=energy_budget_joules, average_power_watts=average_power_watts,
            average_device_power_watts=average_device_power_watts,
            peak_power_watts=peak_power_watts, objective=objective, miss_fraction=miss_fraction,
            resampling=resampling)

    @Method
    def curve(self, pipeline: str, *, picture: Optional[bool] = None) -> Request[answers.Curve]:
        """The lower bound and all plans; with `picture` as SVG too."""
        return self._request("frontier/curve", answers.Curve, pipeline=pipeline, picture=picture)

    @Method
    def savings(
        self, pipeline: str, *, slowdown_fractions: Optional[Sequence[float]] = None,
    ) -> Request[answers.Savings]:
        """What every other pipeline saves while a straggler is slower by each of these fractions."""
        return self._request(
            "frontier/savings", answers.Savings, pipeline=pipeline, slowdown_fractions=slowdown_fractions)

    @Method
    def report_straggler(
        self, pipeline: str, *, replica: Optional[int] = None, rank: Optional[int] = None,
        global_rank: Optional[int] = None, slowdown_fraction: Optional[float] = None,
        iteration_time_seconds: Optional[float] = None,
        busy_times_seconds: Optional[Sequence[float]] = None,
        rank_slowdown_fractions: Optional[Sequence[float]] = None, plan: Optional[int] = None,
        generation: Optional[int] = None, tolerance_fraction: Optional[float] = None, ended: Optional[bool] = None,
    ) -> Request[answers.StragglerReported]:
        """Exactly one of `slowdown_fraction`, `iteration_time_seconds`, `busy_times_seconds`,
        `rank_slowdown_fractions` and `ended`. What changes comes as `plan/changed`: see `plan_changed`."""
        return self._request(
            "straggler/report", answers.StragglerReported, pipeline=pipeline, replica=replica, rank=rank,
            global_rank=global_rank, slowdown_fraction=slowdown_fraction, iteration_time_seconds=iteration_time_seconds,
            busy_times_seconds=busy_times_seconds, rank_slowdown_fractions=rank_slowdown_fractions, plan=plan,
            generation=generation, tolerance_fraction=tolerance_fraction, ended=ended)

    @Method
    def job(self, job: str) -> Request[answers.Job]:
        """What each pipeline of a job runs now."""
        return self._request("job/get", answers.Job, job=job)

    @Method
    def allocate_power(
        self, jobs: Iterable[PowerJob], *, groups: Iterable[PowerGroup] = (), budget_watts: Optional[float] = None,
        budgets: Optional[Iterable[tuple[float, Optional[float]]]] = None, end_seconds: Optional[float] = None,
        energy_budget_joules: Optional[float] = None, power: Optional[PowerMeasure] = None,
        may_pause: Optional[bool] = None,
    ) -> Request[answers.PowerAllocation]:
        """Divides `budget_watts`, or each of `budgets`, pairs of start in seconds and watts, among jobs, for the least
        lost rate; with `energy_budget_joules` for the most work. `groups` cap racks and nodes."""
        series = None if budgets is None else [named({"startSeconds": start, "budgetWatts": watts})
                                               for start, watts in budgets]
        return self._request(
            "power/allocate", answers.PowerAllocation, jobs=deeply(list(jobs)), groups=deeply(list(groups)) or None,
            budget_watts=budget_watts, budgets=series, end_seconds=end_seconds,
            energy_budget_joules=energy_budget_joules, power=power, may_pause=may_pause)

    @Method
    def shed_power(
        self, job: str, *, shed_watts: Optional[float] = None, curve: Optional[bool] = None,
        power: Optional[PowerMeasure] = None, may_pause: Optional[bool] = None,
    ) -> Request[answers.PowerShed]:
        """How much slower a job becomes when it draws `shed_watts` less than now; with `curve` for every number."""
        return self._request(
            "power/shed", answers.PowerShed, job=job, shed_watts=shed_watts, curve=curve, power=power,
            may_pause=may_pause)

    @Method
    def plan(
        self, pipeline: str, *, plan: Optional[int] = None, deadline_seconds: Optional[float] = None,
        slowdown_fraction: Optional[float] = None, energy_budget_joules: Optional[float] = None,
        average_power_watts: Optional[float] = None, average_device_power_watts: Optional[float] = None,
        peak_power_watts: Optional[float] = None,
        objective: Optional[Objective] = None, straggler_time_seconds: Optional[float] = None,
        generation: Optional[int] = None, stage: Optional[int] = None, rank: Optional[int] = None,
        global_rank: Optional[int] = None, miss_fraction: Optional[float] = None,
        resampling: Optional[Resampling] = None,
    ) -> Request[answers.PlanDetail]:
        """A plan's clocks by its number, or by any selector of `query`; of all stages, or of a stage or rank."""
        return self._request(
            "plan/get", answers.PlanDetail, pipeline=pipeline, plan=plan, deadline_seconds=deadline_seconds,
            slowdown_fraction=slowdown_fraction, energy_budget_joules=energy_budget_joules,
            average_power_watts=average_power_watts, average_device_power_watts=average_device_power_watts,
            peak_power_watts=peak_power_watts,
            objective=objective, straggler_time_seconds=straggler_time_seconds, generation=generation, stage=stage,
            rank=rank, global_rank=global_rank, miss_fraction=miss_fraction, resampling=resampling)

    @Method
    def evaluate(
        self, pipeline: str, settings: Iterable[PlanSetting], *, generation: Optional[int] = None,
        timeline: Optional[bool] = None, picture: Optional[bool] = None,
    ) -> Request[answers.PlanEvaluation]:
        """What any plan does: a frequency for every instruction, beside the frontier."""
        return self._request(
            "plan/evaluate", answers.PlanEvaluation, pipeline=pipeline, settings=[to_wire(one) for one in settings],
            generation=generation, timeline=timeline, picture=picture)

    @Method
    def report_iterations(
        self, pipeline: str, iterations: Iterable[MeasuredIteration], *, plan: Optional[int] = None,
        generation: Optional[int] = None, settings: Optional[Iterable[PlanSetting]] = None,
        adopt: Optional[bool] = None, forget: Optional[bool] = None,
    ) -> Request[answers.ModelReview]:
        """How long iterations of a plan really lasted; the current plan without `plan` or `settings`.

        From three iterations on, better of several plans, it says by what the machine differs from the model, and
        frontiers are computed with that corrected unless `adopt` is false."""
        return self._request(
            "iteration/report", answers.ModelReview, pipeline=pipeline, plan=plan, generation=generation,
            settings=None if settings is None else [to_wire(one) for one in settings],
            iterations=[to_wire(one) for one in iterations], adopt=adopt, forget=forget)

    @Method
    def uncertainty(
        self, pipeline: str, *, plan: Optional[int] = None, generation: Optional[int] = None,
        deadline_seconds: Optional[float] = None, slowdown_fraction: Optional[float] = None,
        energy_budget_joules: Optional[float] = None, average_power_watts: Optional[float] = None,
        average_device_power_watts: Optional[float] = None,
        peak_power_watts: Optional[float] = None, objective: Optional[Objective] = None,
        resample_count: Optional[int] = None, confidence_fraction: Optional[float] = None,
        straggler_time_seconds: Optional[float] = None, resampling: Optional[Resampling] = None,
        progress: Optional[Progress] = None, timeout: Optional[float] = None,
    ) -> Request[answers.PlanUncertainty]:
        """How far measurement noise lets a plan's outcome be off: `resampling` "options" says how well it is known,
        "executions" how iterations differ. A deadline beside `plan` is the one it may miss."""
        return self._long(
            progress, timeout, "plan/uncertainty", answers.PlanUncertainty, pipeline=pipeline, plan=plan,
            generation=generation, deadline_seconds=deadline_seconds, slowdown_fraction=slowdown_fraction,
            energy_budget_joules=energy_budget_joules, average_power_watts=average_power_watts,
            average_device_power_watts=average_device_power_watts,
            peak_power_watts=peak_power_watts, objective=objective, resample_count=resample_count,
            confidence_fraction=confidence_fraction, straggler_time_seconds=straggler_time_seconds,
            resampling=resampling)

    @Method
    def series(
        self, pipeline: str, *, prices: Iterable[tuple[float, float]], end_seconds: float,
        iteration_count: Optional[float] = None, iterations_per_second: Optional[float] = None,
        value_per_iteration: Optional[float] = None, unit: Optional[str] = None, may_pause: Optional[bool] = None,
        paused_power_watts: Optional[float] = None,
    ) -> Request[answers.PlanSeries]:
        """A plan for each interval of `prices`, pairs of start in seconds and price per joule. Exactly one goal."""
        return self._request(
            "plan/series", answers.PlanSeries, pipeline=pipeline, end_seconds=end_seconds, unit=unit,
            prices=[{"startSeconds": start, "pricePerJoule": price} for start, price in prices],
            iteration_count=iteration_count, iterations_per_second=iterations_per_second,
            value_per_iteration=value_per_iteration, may_pause=may_pause, paused_power_watts=paused_power_watts)

    @Method
    def timeline(
        self, pipeline: str, *, plan: Optional[int] = None, deadline_seconds: Optional[float] = None,
        slowdown_fraction: Optional[float] = None, energy_budget_joules: Optional[float] = None,
        average_power_watts: Optional[float] = None, average_device_power_watts: Optional[float] = None,
        peak_power_watts: Optional[float] = None,
        objective: Optional[Objective] = None, straggler_time_seconds: Optional[float] = None,
        generation: Optional[int] = None, picture: Optional[bool] = None, miss_fraction: Optional[float] = None,
        resampling: Optional[Resampling] = None,
    ) -> Request[answers.Timeline]:
        """A plan laid out in time, rank by rank; with `picture` as SVG too, above it at the highest clocks."""
        return self._request(
            "plan/timeline", answers.Timeline, pipeline=pipeline, plan=plan, deadline_seconds=deadline_seconds,
            slowdown_fraction=slowdown_fraction, energy_budget_joules=energy_budget_joules,
            average_power_watts=average_power_watts, average_device_power_watts=average_device_power_watts,
            peak_power_watts=peak_power_watts,
            objective=objective, straggler_time_seconds=straggler_time_seconds, generation=generation, picture=picture,
            miss_fraction=miss_fraction, resampling=resampling)

    @Method
    def submit_pool(
        self, *, encoders: Iterable[ModelPart] = (), language_models: Iterable[ModelPart] = (),
        projectors: Iterable[ModelPart] = (), task: Optional[SelectionTask] = None,
        constraints: Optional[PoolConstraints] = None, search: Optional[SearchSettings] = None,
    ) -> Request[answers.PoolSubmitted]:
        """The candidates of a search, or more of them."""
        return self._request(
            "pool/submit", answers.PoolSubmitted, encoders=deeply(list(encoders)) or None,
            language_models=deeply(list(language_models)) or None, projectors=deeply(list(projectors)) or None,
            task=deeply(task), constraints=deeply(constraints), search=deeply(search))

    @Method
    def attach_representation(
        self, encoder: str, *, language_model: Optional[str] = None, npy_path: Optional[str] = None,
        base64: Optional[str] = None, element_type: Optional[ElementType] = None, shape: Optional[Sequence[int]] = None,
        rows: Optional[Sequence[Sequence[float]]] = None,
    ) -> Request[answers.RepresentationAttached]:
        """A .npy file below a root, base64 with `element_type` and `shape`, or rows; one row for each sample."""
        return self._request(
            "pool/attachRepresentation", answers.RepresentationAttached, encoder=encoder, language_model=language_model,
            npy_path=npy_path, base64=base64, element_type=element_type, shape=None if shape is None else list(shape),
            rows=None if rows is None else [list(row) for row in rows])

    @Method
    def pool_clusters(
        self, *, kernel: Optional[Kernel] = None, bandwidth_fraction: Optional[float] = None,
        estimator: Optional[Estimator] = None, batch_size: Optional[int] = None,
        encoder_similarity: Optional[float] = None, language_model_similarity: Optional[float] = None,
        linkage: Optional[Linkage] = None, progress: Optional[Progress] = None, timeout: Optional[float] = None,
    ) -> Request[answers.PoolClusters]:
        """Clusters the models by their representations; the search uses these clusters from then on.

        `encoder_similarity` and `language_model_similarity` are the least that models of one cluster have.
        """
        return self._long(
            progress, timeout, "pool/clusters", answers.PoolClusters, kernel=kernel,
            bandwidth_fraction=bandwidth_fraction, estimator=estimator, batch_size=batch_size,
            encoder_similarity=encoder_similarity, language_model_similarity=language_model_similarity, linkage=linkage)

    @Method
    def next_trial(
        self, worker: Optional[str] = None, *, gpus: Optional[Sequence[str]] = None,
        memory_bytes: Optional[int] = None, elapsed_seconds: Optional[float] = None,
    ) -> Request[Union[answers.Assignment, answers.NoTrial]]:
        """What this worker trains next, or why there is nothing for it now."""
        request = self._request(
            "trial/next", None, worker=worker, gpus=None if gpus is None else list(gpus), memory_bytes=memory_bytes,
            elapsed_seconds=elapsed_seconds)
        return Request(request.method, request.params, _read_next_trial)

    @Method
    def update_trial(
        self, trial: int, step: int, score: float, *, data_fraction: Optional[float] = None,
        sample_count: Optional[int] = None, gpu_seconds: Optional[float] = None,
        energy_joules: Optional[float] = None, elapsed_seconds: Optional[float] = None, checkpoint: Any = None,
        last: Optional[bool] = None,
    ) -> Request[answers.TrialDecision]:
        """A score that is not finite says that training has diverged."""
        return self._request(
            "trial/update", answers.TrialDecision, trial=trial, step=step, score=spelled(score),
            data_fraction=data_fraction, sample_count=sample_count, gpu_seconds=gpu_seconds,
            energy_joules=energy_joules, elapsed_seconds=elapsed_seconds, checkpoint=checkpoint, last=last)

    @Method
    def fail_trial(
        self, trial: int, kind: TrialFailure, *, message: Optional[str] = None, memory_bytes: Optional[int] = None,
        elapsed_seconds: Optional[float] = None,
    ) -> Request[answers.TrialEnded]:
        """Ends a trial that reaches no decision of the search."""
        return self._request(
            "trial/fail", answers.TrialEnded, trial=trial, kind=kind, message=message, memory_bytes=memory_bytes,
            elapsed_seconds=elapsed_seconds)

    @Method
    def trials(
        self, *, open_only: Optional[bool] = None, offset: Optional[int] = None, limit: Optional[int] = None,
    ) -> Request[answers.TrialPage]:
        """The trials with their workers and checkpoints, a page at a time; also which checkpoints may be deleted."""
        return self._request("trial/list", answers.TrialPage, open_only=open_only, offset=offset, limit=limit)

    @Method
    def pin_candidate(
        self, encoder: str, language_model: str, *, projector: Optional[str] = None, pinned: Optional[bool] = None,
    ) -> Request[answers.DirectedCandidate]:
        """Keeps a candidate from being stopped as hopeless; `pinned=False` lifts that."""
        return self._request(
            "candidate/pin", answers.DirectedCandidate, encoder=encoder, language_model=language_model,
            projector=projector, pinned=pinned)

    @Method
    def ban_candidate(
        self, encoder: str, language_model: str, *, projector: Optional[str] = None, banned: Optional[bool] = None,
    ) -> Request[answers.DirectedCandidate]:
        """Excludes a candidate from training and suggestion; `banned=False` lifts that."""
        return self._request(
            "candidate/ban", answers.DirectedCandidate, encoder=encoder, language_model=language_model,
            projector=projector, banned=banned)

    @Method
    def advance_candidate(
        self, encoder: str, language_model: str, *, projector: Optional[str] = None,
        to_fraction: Optional[float] = None,
    ) -> Request[answers.DirectedCandidate]:
        """Trains a candidate next, up to `to_fraction` of the data or on all of them."""
        return self._request(
            "candidate/advance", answers.DirectedCandidate, encoder=encoder, language_model=language_model,
            projector=projector, to_fraction=to_fraction)

    @Method
    def withdraw_candidate(
        self, encoder: str, language_model: str, *, projector: Optional[str] = None,
    ) -> Request[answers.DirectedCandidate]:
        """Removes a candidate from the search for good, and ends its open trial."""
        return self._request(
            "candidate/withdraw", answers.DirectedCandidate, encoder=encoder, language_model=language_model,
            projector=projector)

    @Method
    def revise_search(
        self, *, constraints: Optional[PoolConstraints] = None, budget: Optional[Budget] = None,
    ) -> Request[answers.SearchRevised]:
        """Replaces the rules or the budget while the search runs, and says what that changed."""
        return self._request(
            "search/revise", answers.SearchRevised, constraints=deeply(constraints), budget=deeply(budget))

    @Method
    def suggestion(
        self, *, evidence_limit: Optional[int] = None, untried_limit: Optional[int] = None,
    ) -> Request[answers.SuggestionReport]:
        """The best candidate so far, what it rests on and what it has cost."""
        return self._request(
            "suggestion/get", answers.SuggestionReport, evidence_limit=evidence_limit, untried_limit=untried_limit)

    @Method
    def ranking(self, *, offset: Optional[int] = None, limit: Optional[int] = None) -> Request[answers.Ranking]:
        """All candidates from the best down, a page at a time."""
        return self._request("suggestion/ranking", answers.Ranking, offset=offset, limit=limit)

    @Method
    def pareto_set(
        self,
        *,
        objectives: Optional[Sequence[ParetoObjective]] = None,
        score_floor: Optional[float] = None,
        floor_probability_fraction: Optional[float] = None,
    ) -> Request[answers.ParetoSet]:
        """The candidates that no other beats in every objective, and that reach `score_floor` probably enough."""
        return self._request(
            "suggestion/pareto",
            answers.ParetoSet,
            objectives=None if objectives is None else list(objectives),
            score_floor=score_floor,
            floor_probability_fraction=floor_probability_fraction,
        )

    @Method
    def suggested_pipelines(
        self, pipelines: Iterable[TrainedBy] = (), *, stage_count: Optional[int] = None,
    ) -> Request[answers.SuggestedPipelines]:
        """Candidates by score and by the energy of training them, or by stages of equal size with `stage_count`."""
        return self._request(
            "suggestion/pipeline", answers.SuggestedPipelines, pipelines=deeply(list(pipelines)) or None,
            stage_count=stage_count)


class SessionRequests(SessionMethods, Unsent):
    """Requests of one session, for `start` and `pipeline_requests`."""

    def __init__(self, name: str) -> None:
        self.name = name


def spelled(score: float) -> Union[float, str]:
    """JSON has no numbers that are not finite; the protocol has words for them."""
    if math.isfinite(score):
        return score
    return "NaN" if math.isnan(score) else "Infinity" if score > 0 else "-Infinity"


_read_assignment, _read_wait = reader(answers.Assignment), reader(answers.NoTrial)


def _read_next_trial(wire: Mapping[str, Any]) -> Union[answers.Assignment, answers.NoTrial]:
    assert _read_assignment is not None and _read_wait is not None
    return _read_assignment(wire) if "trial" in wire else _read_wait(wire["wait"])  # type: ignore[no-any-return]
