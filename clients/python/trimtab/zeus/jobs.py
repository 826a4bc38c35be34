"""Training jobs as Zeus's pipeline-frequency protocol knows them, kept in files, planned by the sidecar.

A job goes from registered ranks to schedules. Without a profile its first schedules sweep the clocks, and what the
ranks report of them (`/result`) becomes the profile. The files of a job are Zeus's: `ranks.json`, `{n}.sched.json`,
`{n}.prof.json`; `job.json` has what was registered, and `planned.json` the number of the first schedule that is a plan.
What ranks send one by one is appended to `ranks.jsonl` and `{n}.prof.jsonl`. A server that is started again finds them
and goes on.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from ..answers import ProfileRow
from ..blocking import Trimtab
from ..declared import Schedule
from ..errors import (
    DeadlineBelowMinimum,
    IncompleteProfile,
    InvalidParams,
    InvalidPipeline,
    InvalidProfile,
    ObjectiveOutOfReach,
    OutcomeUnknown,
)
from ..gpu.plan import ClockPlan
from ..profile.plan import energy_rises
from ..replace import replace_file
from .files import FormatError, Frequencies, Measurement, breakdown, read_schedules, write_schedules

log = logging.getLogger("trimtab.pfo")

# What would be refused again: it is the job, its profile or what is asked of it that is wrong, and not the sidecar.
REFUSALS = (InvalidParams, InvalidPipeline, InvalidProfile, IncompleteProfile, ObjectiveOutOfReach,
            DeadlineBelowMinimum, ValueError)


class Refused(Exception):
    """What a client sent cannot be served; becomes an HTTP status with the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Settings:
    """How every job of a server is planned. `target` is a selector of `session.query`, such as
    `{"slowdown_fraction": 0.02}`; `pipeline` are further arguments of `define_pipeline`."""

    blocking_power_watts: float
    schedule: Schedule = "1f1b"
    microbatches: int | None = None
    profile: Sequence[Measurement] = ()
    target: Mapping[str, Any] = field(default_factory=lambda: {"objective": "fastest"})
    pipeline: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Job:
    """One job. `number` is of the schedule that is out now, or comes next."""

    identity: str
    about: Mapping[str, Any]
    ranks: dict[int, dict[str, Any]] = field(default_factory=dict)
    number: int = 0
    schedules: list[Frequencies] | None = None
    asked: set[int] = field(default_factory=set)
    results: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    planned: bool = False
    error: Refused | None = None  # for ever
    # Whether a thread plans the next schedule, how many times that has failed, and why the last time.
    planning: bool = False
    attempt: int = 0
    failed: Refused | None = None
    # The sweep: (stage, instruction) -> clock -> (seconds, joules), and the clocks in the order they were measured.
    measured: dict[tuple[int, str], dict[int, tuple[float, float]]] = field(default_factory=dict)

    @property
    def world_size(self) -> int:
        return int(self.about["world_size"])


class Jobs:
    """All jobs of a server. Methods may be called from any thread; `schedule` blocks until all ranks have asked."""

    def __init__(self, client: Trimtab, folder: Path, settings: Settings) -> None:
        self._client, self._folder, self._settings = client, folder, settings
        self._changed = threading.Condition()
        self._sidecar = threading.Lock()  # around the client, which is for one thread; never taken under `_changed`
        self._jobs: dict[str, Job] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for about in sorted(folder.glob("*/job.json")):
            job = self._jobs[about.parent.name] = Job(about.parent.name, {})
            try:
                self._restore(job, about.parent)
            except Exception as error:
                # Whatever is wrong with its files, the other jobs go on.
                job.error = Refused(400, f"job {job.identity} cannot be restored: {type(error).__name__}: {error}")
                log.error("%s", job.error)

    # What the protocol asks

    def register_job(self, about: Mapping[str, Any]) -> str:
        """A new job, and its id, which is safe in a URL."""
        with self._changed:
            parts = [time.strftime("%Y-%m-%d-%H-%M-%S"), f"dp{about['dp_degree']}", f"pp{about['pp_degree']}",
                     f"tp{about['tp_degree']}", "Trimtab"]
            if about.get("job_metadata"):
                parts.append(re.sub(r"[^A-Za-z0-9._=-]+", "-", about["job_metadata"])[:100])
            identity = stem = "+".join(parts)
            for count in range(2, 1 << 30):
                if identity not in self._jobs:
                    break
                identity = f"{stem}+{count}"
            self._write(identity, "job.json", json.dumps(about))
            self._jobs[identity] = Job(identity, about)
            return identity

    def register_rank(self, identity: str, rank: Mapping[str, Any]) -> None:
        """A rank of a job; registering the same once more changes nothing."""
        with self._changed:
            job, about = self._job(identity), dict(rank)
            number = about["rank"]
            for name, degree in (("rank", "world_size"), ("dp_rank", "dp_degree"), ("pp_rank", "pp_degree"),
                                 ("tp_rank", "tp_degree")):
                if about[name] >= job.about[degree]:
                    raise Refused(400, f"{name} {about[name]} is not below {degree} {job.about[degree]}")
            known = job.ranks.get(number)
            if known is not None and known != about:
                raise Refused(400, f"rank {number} is registered already, with {known}")
            place = (about["dp_rank"], about["pp_rank"], about["tp_rank"])
            for other in job.ranks.values():
                if other["rank"] != number and (other["dp_rank"], other["pp_rank"], other["tp_rank"]) == place:
                    raise Refused(400, f"rank {number} is where rank {other['rank']} is: dp, pp, tp {place}")
            if known is None:
                self._append(identity, "ranks.jsonl", about)
            job.ranks[number] = about
            if len(job.ranks) == job.world_size:
                self._write(identity, "ranks.json", json.dumps([job.ranks[one] for one in sorted(job.ranks)]))
            self._changed.notify_all()

    def schedule(self, identity: str, rank: int) -> Frequencies:
        """The next schedule of a rank; waits until all ranks have registered and asked."""
        with self._changed:
            job = self._job(identity)
            if not 0 <= rank < job.world_size:
                raise Refused(400, f"rank {rank} is not below world_size {job.world_size}")
            # A rank that has reported on the schedule that is out wants the next one; any other wants this one, also
            # when its connection or this server has been lost since.
            number = job.number + (rank in job.results)
            self._changed.wait_for(lambda: job.number >= number or job.error is not None)
            if job.schedules is None:
                job.asked.add(rank)
                self._changed.notify_all()
            attempt = job.attempt
            self._changed.wait_for(lambda: job.schedules is not None or job.error is not None or
                                   job.attempt != attempt or
                                   (not job.planning and len(job.ranks) == len(job.asked) == job.world_size))
            if job.error is not None:
                raise job.error
            if job.schedules is not None:
                return job.schedules[rank]
            if job.failed is not None and job.attempt != attempt:
                raise job.failed
            job.planning = True
        return self._decide(job)[rank]

    def result(self, identity: str, result: Mapping[str, Any]) -> None:
        """What a rank measured of the schedule that is out. When all ranks have reported, the next one is due."""
        with self._changed:
            job = self._job(identity)
            rank = result["rank"]
            if rank >= job.world_size:
                raise Refused(400, f"rank {rank} is not below world_size {job.world_size}")
            if job.schedules is None:
                raise Refused(400, "no schedule is out that this could be a result of")
            measured = {name for name, _ in _measured(result, job.schedules[rank])}
            if not job.planned and (lacking := {name for name, mhz in job.schedules[rank] if mhz} - measured):
                raise Refused(400, f"rank {rank} reports no {min(lacking)}, which its schedule has")
            self._append(identity, f"{job.number}.prof.jsonl", result)
            job.results[rank] = result
            if len(job.results) < job.world_size:
                return
            ordered = [job.results[one] for one in sorted(job.results)]
            self._write(identity, f"{job.number}.prof.json", json.dumps(ordered))
            if not job.planned:
                self._learn(job, job.schedules, ordered)
            job.number, job.asked, job.results = job.number + 1, set(), {}
            if job.planned:
                self._write(identity, f"{job.number}.sched.json", write_schedules(job.schedules))
            else:
                job.schedules = None
            self._changed.notify_all()

    # Plans

    def _decide(self, job: Job) -> list[Frequencies]:
        """Plans the next schedule for all ranks that wait for it, without the lock: other jobs go on meanwhile, and of
        this one nothing else changes before its schedule is out. What the sidecar refuses it would refuse again, so
        that it is the job's end; any other failure is answered to those who wait, and the next who ask try again."""
        try:
            with self._sidecar:
                schedules, planned = self._next_schedules(job)
            if planned:
                self._write(job.identity, "planned.json", json.dumps({"from": job.number}))
            self._write(job.identity, f"{job.number}.sched.json", write_schedules(schedules))
        except Exception as error:
            refused = error if isinstance(error, Refused) else Refused(
                400 if isinstance(error, REFUSALS) else 503, str(error) or type(error).__name__)
            with self._changed:
                job.planning = False
                if refused.status < 500:
                    job.error = refused
                else:
                    log.exception("no schedule for %s", job.identity)
                    job.failed, job.attempt = refused, job.attempt + 1
                self._changed.notify_all()
            raise refused from error
        with self._changed:
            job.schedules, job.planned, job.planning = schedules, planned, False
            self._changed.notify_all()
            return schedules

    def _next_schedules(self, job: Job) -> tuple[list[Frequencies], bool]:
        """The sidecar's plan where there is a profile (true), else the next clock of the sweep."""
        rows = [_row(one) for one in self._settings.profile]
        clock = None
        if not rows:
            clock = self._next_clock(job)
            if clock is None:
                # Ranks measure their stages together: each of them counts as the mean.
                stages, chunks = job.about["pp_degree"], self._settings.pipeline.get("chunks_per_rank", 1)
                rows = [ProfileRow(stage + chunk * stages, kind, mhz, *values) for chunk in range(chunks)
                        for (stage, kind), table in sorted(job.measured.items())
                        for mhz, values in sorted(table.items())]
        try:
            plans = self._plans(job, rows, clock)
        except OutcomeUnknown:
            plans = self._plans(job, rows, clock)  # the sidecar was started again; each request may be made twice
        return [plans[job.ranks[rank]["pp_rank"]] for rank in range(job.world_size)], clock is None

    def _plans(self, job: Job, rows: list[ProfileRow], clock: int | None) -> dict[int, Frequencies]:
        """For each pipeline rank its instructions and clocks; all at `clock` during a sweep."""
        session = self._client.open_session(job.identity + ("" if clock is None else "+order"))
        stages = job.about["pp_degree"]
        microbatches = _microbatches(job.about) or self._settings.microbatches
        if microbatches is None:
            raise Refused(400, "the number of microbatches is not known: start the server with --microbatches, or "
                          "register the job with job_metadata=\"microbatches=N\"")
        chunks = self._settings.pipeline.get("chunks_per_rank", 1)
        session.define_pipeline(
            "pipeline", schedule=self._settings.schedule, stages=stages * chunks, microbatches=microbatches,
            blocking_power_watts=self._settings.blocking_power_watts, tensor_parallel_width=job.about["tp_degree"],
            data_parallel_width=job.about["dp_degree"], **self._settings.pipeline)
        if clock is not None:
            # Any profile gives the order of the instructions.
            needed = session.submit_profile("pipeline", rows=[]).missing
            rows = [ProfileRow(one.stage, one.instruction, clock, 1.0, 1000.0) for one in needed]
        session.submit_profile("pipeline", rows=rows)
        session.characterize("pipeline", effort="quick" if clock is not None else "standard")
        target = {"objective": "fastest"} if clock is not None else self._settings.target
        plan = session.query("pipeline", **target).plan.plan
        plans = {}
        for rank in range(stages):
            steps = ClockPlan.of(session.plan("pipeline", plan=plan, rank=rank)).steps
            plans[rank] = [(step.instruction, step.mhz) for step in steps]
        if clock is not None:
            session.close()
        for about in job.ranks.values():
            available = set(about["available_frequencies"])
            unknown = sorted({mhz for _, mhz in plans[about["pp_rank"]]} - available - {0})
            if available and unknown:
                nearest = min(available, key=lambda one: abs(one - unknown[0]))
                raise Refused(400, f"rank {about['rank']}'s GPU has no clock of {unknown[0]} MHz, which the profile "
                              f"has; the nearest is {nearest}")
        return plans

    def _next_clock(self, job: Job) -> int | None:
        """The next clock of the sweep, from the highest on; None when it is over."""
        available = set.intersection(*(set(about["available_frequencies"]) for about in job.ranks.values()))
        if not available:
            raise Refused(400, "the ranks have no clock in common")
        done = {clock for table in job.measured.values() for clock in table}
        tables = [{clock: joules for clock, (_, joules) in table.items()} for table in job.measured.values()]
        if done and all(map(energy_rises, tables)):
            return None
        return max(available - done, default=None)

    def _learn(self, job: Job, schedules: Sequence[Frequencies], results: Sequence[Mapping[str, Any]]) -> None:
        """Takes what the ranks measured of a sweep's schedule: a stage takes as long as its slowest rank."""
        seen: dict[tuple[int, str, int], list[tuple[float, float]]] = defaultdict(list)
        for result in results:
            stage = job.ranks[result["rank"]]["pp_rank"]
            for (name, clock), pairs in _measured(result, schedules[result["rank"]]).items():
                seen[stage, name, clock].append((fmean(s for s, _ in pairs), fmean(j for _, j in pairs)))
        for (stage, name, clock), ranks in seen.items():
            job.measured.setdefault((stage, name), {})[clock] = (
                max(seconds for seconds, _ in ranks), sum(joules for _, joules in ranks) / len(ranks))

    # Files

    def _job(self, identity: str) -> Job:
        if identity not in self._jobs:
            raise Refused(400, f"no job {identity!r} is registered here")
        job = self._jobs[identity]
        if job.error is not None:
            raise job.error
        return job

    def _write(self, identity: str, name: str, text: str) -> None:
        """Replaces a file as a whole, and keeps it through a loss of power."""
        folder = self._folder / identity
        folder.mkdir(exist_ok=True)
        replace_file(folder / name, text)

    def _append(self, identity: str, name: str, value: Any) -> None:
        """Adds a line to a file, and keeps it through a loss of power."""
        with (self._folder / identity / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(value) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _restore(self, job: Job, folder: Path) -> None:
        """Brings a job to where its files say that it was."""
        job.about = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        if not isinstance(job.about, dict):
            raise FormatError("job.json is no object")
        job.ranks = {one["rank"]: one for one in _lines(folder / "ranks.jsonl")}
        mark = folder / "planned.json"
        planned = json.loads(mark.read_text(encoding="utf-8"))["from"] if mark.exists() else 1 << 62
        while (folder / f"{job.number}.sched.json").exists():
            schedules = read_schedules((folder / f"{job.number}.sched.json").read_text(encoding="utf-8"))
            if not len(schedules) == len(job.ranks) == job.world_size:
                raise FormatError(f"{len(schedules)} schedules and {len(job.ranks)} ranks, of {job.world_size}")
            results = folder / f"{job.number}.prof.json"
            job.planned = job.number >= planned
            if not results.exists() or (job.planned and not (folder / f"{job.number + 1}.sched.json").exists()):
                job.schedules = schedules
                break
            if not job.planned:
                self._learn(job, schedules, json.loads(results.read_text(encoding="utf-8")))
            job.number += 1
        if job.schedules is not None:
            job.results = {one["rank"]: one for one in _lines(folder / f"{job.number}.prof.jsonl")}
            for rank, result in job.results.items():
                _measured(result, job.schedules[rank])


def _lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file with one a line. A last line that a loss of power has cut off was never acknowledged: it is
    cut away, so that the next one begins a line."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)
    return [json.loads(line) for line in data[:whole].splitlines()]


def _measured(result: Mapping[str, Any], schedule: Frequencies) -> dict[tuple[str, int], list[tuple[float, float]]]:
    """What a rank measured of each instruction at the clock that its schedule has for it: (seconds, joules)."""
    clocks = dict(reversed(schedule))  # the first of a name, as in a sweep all are the same
    values: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    try:
        for name, times, energies in breakdown(result):
            if name not in clocks:
                raise FormatError(f"rank {result['rank']} reports {name}, which its schedule has not")
            if not times:
                raise FormatError(f"rank {result['rank']} reports an iteration without {name}")
            values[name, clocks[name]].extend(zip(times, energies, strict=True))
    except FormatError as error:
        raise Refused(400, str(error)) from None
    return values


def _row(one: Measurement) -> ProfileRow:
    return ProfileRow(one.stage, one.instruction, one.frequency, one.seconds, one.joules)


def _microbatches(about: Mapping[str, Any]) -> int | None:
    """The number that `job_metadata` may say as `microbatches=N`."""
    match = re.search(r"\bmicrobatches=(\d+)", about.get("job_metadata") or "")
    return int(match.group(1)) if match else None
