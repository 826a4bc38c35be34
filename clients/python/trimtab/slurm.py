"""A search on Slurm, or whatever else `submitit` submits to: each trial is a job. See `launch`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import submitit
from submitit.core.utils import UncompletedJobError

from .answers import SuggestionReport
from .frames import Command
from .launcher import Limits, run
from .launcher.checkpoints import Checkpoints
from .launcher.devices import Slot
from .launcher.options import limits as limits_from
from .launcher.options import pool_params
from .launcher.remote import LOST, memory_bytes, train
from .records import read_record
from .training import TrainingTrial

__all__ = ["launch"]
POLL_SECONDS = 0.2  # submitit says no other way that a job has ended; it asks Slurm itself less often than this


def launch(
    pool: Mapping[str, Any], function: Callable[[TrainingTrial], Any], executor: submitit.Executor, *,
    state: Union[str, os.PathLike[str]], workers: int, gpus_per_trial: int = 1, gpu_memory_bytes: Optional[int] = None,
    address: Optional[str] = None, steps: Optional[int] = None,
    limits: Union[Limits, Mapping[str, Any], None] = None, seed: Optional[int] = None, binary: Command = None,
    table: Optional[bool] = None, checkpoints: Checkpoints = "all",
) -> SuggestionReport:
    """Runs a search to its end as jobs of `executor`, `workers` at a time, and returns what it suggests.

        executor = submitit.AutoExecutor("/shared/search/jobs")
        executor.update_parameters(timeout_min=600, gpus_per_node=1, slurm_partition="gpu")
        report = trimtab.slurm.launch(pool, train, executor, state="/shared/search", workers=16)

    As `trimtab.launch` with a function, which is called with the trial. A trial whose job ends without a result, by a
    lost node or by preemption, is given out again, from its last checkpoint. `state` is a folder that all nodes share;
    trials report to this process over TCP at `address`, by default this host's name. `gpu_memory_bytes` says what a GPU
    has, so that a candidate which runs out of it leaves the search. A launcher that goes on cancels the jobs that the
    one before it has left.
    """
    place = Jobs(function, executor, workers, gpus_per_trial, gpu_memory_bytes, address or socket.gethostname())
    bounds = limits if isinstance(limits, Limits) else limits_from(limits or {})
    return run(place, Path(state).resolve(), pool_params(pool), limits=bounds, steps=steps, seed=seed, binary=binary,
               table=table, checkpoints=checkpoints)


class Jobs:
    """Trials are jobs of submitit."""

    def __init__(
        self, function: Callable[[TrainingTrial], Any], executor: submitit.Executor, workers: int, width: int,
        gpu_memory_bytes: Optional[int], address: str,
    ) -> None:
        self.address: Optional[str] = address
        self.slots: Sequence[Slot] = [
            Slot(f"slurm/{number}", memory_bytes=memory_bytes(gpu_memory_bytes), given=width)
            for number in range(workers)]
        self._function, self._executor = function, executor

    def take_over(self, trials: Path, grace_seconds: float) -> None:
        """Cancels the jobs that an earlier launcher has left; theirs is a launcher that is gone, so that they end at
        their next report at the latest.

        Raises UnreadableRecord, before it cancels any, where the record of one is damaged.
        """
        remedy = "remove the file once the trial's job has ended"
        left = [(path, read_record(path, {"job": (str,)}, remedy)) for path in sorted(trials.glob("*/job.json"))]
        for record, known in left:
            if shutil.which("scancel"):
                subprocess.run(["scancel", known["job"]], check=False)
            record.unlink()

    def start(self, given: Mapping[str, Any], slot: Slot, folder: Path) -> TrialOfJob:
        job = self._executor.submit(train, self._function, dict(given))
        (folder / "job.json").write_text(json.dumps({"job": job.job_id}))
        return TrialOfJob(job, folder)


class TrialOfJob:
    """A trial that is a job."""

    def __init__(self, job: submitit.Job[None], folder: Path) -> None:
        self._job, self.folder, self._said = job, folder, ""

    def wait(self) -> int:
        while not self._job.done():
            time.sleep(POLL_SECONDS)
        (self.folder / "job.json").unlink(missing_ok=True)
        error = self._job.exception()
        if isinstance(error, UncompletedJobError):  # no result: its node or its process is gone
            self._said = str(error)
            return int(LOST)
        self._said = "" if error is None else str(error)
        return 0 if error is None else 1

    def signal(self, number: int) -> None:
        """Both by `scancel`, which sends SIGTERM, and SIGKILL after Slurm's own KillWait."""
        self._job.cancel(check=False)

    def end(self, grace_seconds: float) -> None:
        self.signal(signal.SIGTERM)

    def log_tail(self) -> str:
        return self._said[-4096:]
