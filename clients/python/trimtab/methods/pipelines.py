"""Pipelines and their profiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

from .. import answers
from ..answers.wire import to_wire
from ..binding import Method
from ..declared import Schedule
from ..requests import Progress, Request
from .base import OfSession, PerRank

if TYPE_CHECKING:
    from ..answers import ProfileRow, Withdrawal


class PipelineMethods(OfSession):
    @Method
    def define_pipeline(
        self, pipeline: str, *, stages: int, job: Optional[str] = None, schedule: Optional[Schedule] = None,
        microbatches: Optional[int] = None,
        chunks_per_rank: Optional[int] = None, microbatch_group_size: Optional[int] = None,
        encoder_stages: Optional[Sequence[int]] = None, layout: Optional[str] = None,
        empty_stages: Optional[Sequence[int]] = None, schedule_csv: Optional[str] = None,
        keep_communication: Optional[bool] = None,
        blocking_power_watts: PerRank = None,
        power_limit_watts: PerRank = None, gpus: Optional[Sequence[str]] = None,
        switch_latency_seconds: PerRank = None,
        switch_energy_joules: PerRank = None, knob_switch_latencies: Optional[Mapping[str, float]] = None,
        pair_switch_latencies: Optional[Sequence[Mapping[str, Any]]] = None,
        most_switches: Union[int, Sequence[int], None] = None,
        tensor_parallel_width: Union[int, Sequence[int], None] = None, data_parallel_width: Optional[int] = None,
        context_parallel_width: Optional[int] = None, rank_order: Optional[str] = None,
        rank_map: Optional[Sequence[tuple[int, int]]] = None, data_loading_stages: Optional[Sequence[int]] = None,
        optimizer_step: Optional[bool] = None, transfer_seconds: PerRank = None,
        backward_transfer_seconds: PerRank = None,
        instructions: Optional[Sequence[Mapping[str, Any]]] = None,
        dependencies: Optional[Sequence[Union[tuple[str, str], tuple[str, str, float]]]] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.PipelineDefined]:
        """A named schedule (`schedule`, `microbatches`), PyTorch's `schedule_csv`, or `instructions` and `dependencies`
        in wire form.

        `knob_switch_latencies` has the seconds that setting each knob takes, `pair_switch_latencies` those of changes
        between two settings, as `{"fromFrequency": 1410, "toFrequency": 900, "seconds": 0.02}`. With `most_switches=0`
        each rank has one frequency for the whole iteration.
        A dependency is `(before, after)` or `(before, after, seconds)`: a transfer takes that long in between.

            session.define_pipeline("gpt", schedule="1f1b", stages=8, microbatches=24, blocking_power_watts=95.0)
        """
        return self._request(
            "pipeline/define", answers.PipelineDefined, pipeline=pipeline, stages=stages, job=job, schedule=schedule,
            microbatches=microbatches, chunks_per_rank=chunks_per_rank, microbatch_group_size=microbatch_group_size,
            encoder_stages=encoder_stages, layout=layout, empty_stages=empty_stages, schedule_csv=schedule_csv,
            keep_communication=keep_communication,
            blocking_power_watts=blocking_power_watts, power_limit_watts=power_limit_watts, gpus=gpus,
            switch_latency_seconds=switch_latency_seconds, switch_energy_joules=switch_energy_joules,
            knob_switch_latencies=knob_switch_latencies, pair_switch_latencies=pair_switch_latencies,
            most_switches=most_switches,
            tensor_parallel_width=tensor_parallel_width, data_parallel_width=data_parallel_width,
            context_parallel_width=context_parallel_width, rank_order=rank_order, rank_map=rank_map,
            data_loading_stages=data_loading_stages, optimizer_step=optimizer_step, transfer_seconds=transfer_seconds,
            backward_transfer_seconds=backward_transfer_seconds, instructions=instructions, dependencies=dependencies,
            timeout=timeout)

    @Method
    def pipeline(self, pipeline: str, *, timeout: Optional[float] = None) -> Request[answers.PipelineDetail]:
        """The definition, the schedule as PyTorch's CSV, and how far the frontier is.

        Example:

            session.pipeline("gpt").schedule_csv
        """
        return self._request("pipeline/get", answers.PipelineDetail, pipeline=pipeline, timeout=timeout)

    @Method
    def replicate_pipeline(
        self, pipeline: str, replicas: Sequence[str], *, timeout: Optional[float] = None,
    ) -> Request[answers.PipelinesReplicated]:
        """Pipelines that share the definition, profile and frontier of one, in its job.

        Example:

            session.replicate_pipeline("gpt", ["gpt-1", "gpt-2"])
        """
        return self._request(
            "pipeline/replicate", answers.PipelinesReplicated, pipeline=pipeline, replicas=list(replicas),
            timeout=timeout)

    @Method
    def submit_profile(
        self, pipeline: str, *, rows: Optional[Iterable[ProfileRow]] = None, csv_path: Optional[str] = None,
        csv_text: Optional[str] = None, withdraw: Optional[Iterable[Withdrawal]] = None,
        sampling_interval_seconds: Optional[float] = None, keep_samples: Optional[bool] = None,
        refuse_implausible: Optional[bool] = None, knob_columns: Optional[Sequence[str]] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.ProfileSubmitted]:
        """Adds or revises measurements, or takes them back; rows that repeat a frequency are samples of it.

        Columns of a CSV beside `frequency` make it an object with a member for each; `knob_columns` says which.

            session.submit_profile("gpt", csv_path="profile.csv").missing
        """
        return self._request(
            "profile/submit", answers.ProfileSubmitted, pipeline=pipeline,
            rows=None if rows is None else [to_wire(row) for row in rows], csv_path=csv_path, csv_text=csv_text,
            withdraw=None if withdraw is None else [to_wire(one) for one in withdraw],
            sampling_interval_seconds=sampling_interval_seconds, keep_samples=keep_samples,
            refuse_implausible=refuse_implausible, knob_columns=None if knob_columns is None else list(knob_columns),
            timeout=timeout)

    @Method
    def next_measurements(
        self, pipeline: str, *, frequencies: Optional[Iterable[float]] = None, count: Optional[int] = None,
        sufficient_regret_fraction: Optional[float] = None, iteration_count: Optional[float] = None,
        measurement_joules: Optional[float] = None, progress: Optional[Progress] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.NextMeasurements]:
        """What to measure next, among `frequencies` on every stage. Measure it, submit it and ask again until it is
        `sufficient`; then characterize with `estimate="completed"`."""
        return self._long(
            progress, timeout, "profile/next", answers.NextMeasurements, pipeline=pipeline,
            frequencies=None if frequencies is None else list(frequencies), count=count,
            sufficient_regret_fraction=sufficient_regret_fraction, iteration_count=iteration_count,
            measurement_joules=measurement_joules)
