"""One pure function per RPC method: what it sends and how its answer is read. Both clients are made of these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, Generic, Optional, TypeVar, Union

from . import answers
from .answers import GPU, ProfileRow, Withdrawal, named, reader, to_wire

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

    def retire_gpus(self, ids: Sequence[str]) -> Request[answers.GPUCount]:
        return self._request("gpu/retire", answers.GPUCount, {"ids": list(ids)})

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
        tolerance_fraction: Optional[float] = None,
    ) -> Request[answers.Characterization]:
        """A lower bound with more corners than `breakpoint_budget` is bracketed to `tolerance_fraction`.

        `follow`: compute it anew in the background whenever the profile changes; `frontier/changed` tells.
        """
        return self._request("frontier/characterize", answers.Characterization, {
            "pipeline": pipeline, "plan_count": plan_count, "certify": certify, "follow": follow,
            "breakpoint_budget": breakpoint_budget, "tolerance_fraction": tolerance_fraction})

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
        slowdown_fraction: Optional[float] = None, iteration_time_seconds: Optional[float] = None,
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
        objective: Optional[str] = None,
    ) -> Request[answers.PlanDetail]:
        """A plan's clocks by its number, or by any selector of `query`."""
        return self._request("plan/get", answers.PlanDetail, {
            "pipeline": pipeline, "plan": plan, "deadline_seconds": deadline_seconds,
            "slowdown_fraction": slowdown_fraction, "energy_budget_joules": energy_budget_joules,
            "average_power_watts": average_power_watts, "average_device_power_watts": average_device_power_watts,
            "objective": objective})

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
