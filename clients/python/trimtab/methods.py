"""One pure function per RPC method: what it sends and how its answer is read. Both clients are made of these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, Generic, Optional, TypeVar, Union

from . import answers
from .answers import GPU, ProfileRow, named, reader, to_wire

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
        blocking_power_watts: Union[float, Sequence[float], None] = None, gpus: Optional[Sequence[str]] = None,
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

    def replicate_pipeline(self, pipeline: str, replicas: Sequence[str]) -> Request[answers.PipelinesReplicated]:
        """Pipelines that share the definition, profile and frontier of one, in its job."""
        return self._request("pipeline/replicate", answers.PipelinesReplicated,
                             {"pipeline": pipeline, "replicas": list(replicas)})

    def submit_profile(
        self, pipeline: str, *, rows: Optional[Iterable[ProfileRow]] = None, csv_path: Optional[str] = None,
        csv_text: Optional[str] = None,
    ) -> Request[answers.ProfileSubmitted]:
        sent = None if rows is None else [to_wire(row) for row in rows]
        return self._request("profile/submit", answers.ProfileSubmitted,
                             {"pipeline": pipeline, "rows": sent, "csv_path": csv_path, "csv_text": csv_text})

    def characterize(
        self, pipeline: str, *, plan_count: Optional[int] = None, certify: Optional[bool] = None,
    ) -> Request[answers.Characterization]:
        return self._request("frontier/characterize", answers.Characterization,
                             {"pipeline": pipeline, "plan_count": plan_count, "certify": certify})

    def query(
        self, pipeline: str, *, deadline_seconds: Optional[float] = None, slowdown_fraction: Optional[float] = None,
        straggler_time_seconds: Optional[float] = None, energy_budget_joules: Optional[float] = None,
        average_power_watts: Optional[float] = None, objective: Optional[str] = None,
    ) -> Request[answers.FrontierPoint]:
        """Exactly one selector; `objective` is "fastest", "cheapest" or "energyDelayProduct"."""
        return self._request("frontier/query", answers.FrontierPoint, {
            "pipeline": pipeline, "deadline_seconds": deadline_seconds, "slowdown_fraction": slowdown_fraction,
            "straggler_time_seconds": straggler_time_seconds, "energy_budget_joules": energy_budget_joules, "average_power_watts": average_power_watts,
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
        average_power_watts: Optional[float] = None, objective: Optional[str] = None,
        straggler_time_seconds: Optional[float] = None, generation: Optional[int] = None, stage: Optional[int] = None,
        rank: Optional[int] = None, global_rank: Optional[int] = None,
    ) -> Request[answers.PlanDetail]:
        """A plan's clocks by its number, or by any selector of `query`; of all stages, or of a stage or rank."""
        return self._request("plan/get", answers.PlanDetail, {
            "pipeline": pipeline, "plan": plan, "deadline_seconds": deadline_seconds,
            "slowdown_fraction": slowdown_fraction, "energy_budget_joules": energy_budget_joules,
            "average_power_watts": average_power_watts, "objective": objective,
            "straggler_time_seconds": straggler_time_seconds, "generation": generation, "stage": stage, "rank": rank,
            "global_rank": global_rank})
