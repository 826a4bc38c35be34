"""A search on a Ray cluster: each trial is a task. See `launch`."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import ray

from .answers import SuggestionReport
from .frames import Command
from .launcher import Limits, run
from .launcher.checkpoints import Checkpoints
from .launcher.devices import Slot
from .launcher.options import limits as limits_from
from .launcher.options import pool_params
from .launcher.remote import LOST, memory_bytes, train
from .training import TrainingTrial

__all__ = ["launch"]


def launch(
    pool: Mapping[str, Any], function: Callable[[TrainingTrial], Any], *, state: Union[str, os.PathLike[str]],
    workers: int, resources: Optional[Mapping[str, Any]] = None, gpu_memory_bytes: Optional[int] = None,
    steps: Optional[int] = None, limits: Union[Limits, Mapping[str, Any], None] = None, seed: Optional[int] = None,
    binary: Command = None, table: Optional[bool] = None, checkpoints: Checkpoints = "all",
) -> SuggestionReport:
    """Runs a search to its end as tasks of Ray, `workers` at a time, and returns what it suggests.

        ray.init(address="auto")
        report = trimtab.ray.launch(pool, train, state="/shared/search", workers=16, resources={"num_gpus": 1})

    As `trimtab.launch` with a function, which is called with the trial; it need not be at the top of a file.
    `resources` are the options of its task. Ray places the tasks; a trial whose node is lost is given out again, from
    its last checkpoint. `state` is a folder that all nodes share; trials report to this process over TCP.
    `gpu_memory_bytes` says what a GPU has, so that a candidate which runs out of it leaves the search.
    """
    if not ray.is_initialized():
        ray.init()
    place = Cluster(function, workers, resources or {}, gpu_memory_bytes)
    bounds = limits if isinstance(limits, Limits) else limits_from(limits or {})
    return run(place, Path(state).resolve(), pool_params(pool), limits=bounds, steps=steps, seed=seed, binary=binary,
               table=table, checkpoints=checkpoints)


class Cluster:
    """Trials are tasks of Ray."""

    def __init__(
        self, function: Callable[[TrainingTrial], Any], workers: int, resources: Mapping[str, Any],
        gpu_memory_bytes: Optional[int],
    ) -> None:
        self.address: Optional[str] = ray.util.get_node_ip_address()
        width = max(1, int(resources.get("num_gpus", 1)))
        self.slots: Sequence[Slot] = [
            Slot(f"ray/{number}", memory_bytes=memory_bytes(gpu_memory_bytes), given=width)
            for number in range(workers)]
        # Not tried again by Ray: the search decides what becomes of a lost trial.
        self._task = ray.remote(train).options(**{**resources, "max_retries": 0})
        self._function = ray.put(function)

    def take_over(self, trials: Path, grace_seconds: float) -> None:
        """Tasks end with the driver that started them."""

    def start(self, given: Mapping[str, Any], slot: Slot, folder: Path) -> Task:
        return Task(self._task.remote(self._function, given), folder)


class Task:
    """A trial that is a task."""

    def __init__(self, reference: Any, folder: Path) -> None:
        self._reference, self.folder = reference, folder
        self._said = ""

    def wait(self) -> int:
        try:
            ray.get(self._reference)
        except ray.exceptions.RayTaskError as error:  # the function has raised something
            self._said = str(error)
        except (ray.exceptions.RayError, ray.exceptions.TaskCancelledError) as error:  # its node or its worker is gone
            self._said = f"{type(error).__name__}: {error}"
            (self.folder / "log.txt").write_text(self._said)
            return int(LOST)
        (self.folder / "log.txt").write_text(self._said)
        return 1 if self._said else 0

    def signal(self, number: int) -> None:
        ray.cancel(self._reference, force=number == signal.SIGKILL)

    def end(self, grace_seconds: float) -> None:
        ray.wait([self._reference], timeout=grace_seconds)
        ray.cancel(self._reference, force=True)

    def log_tail(self) -> str:
        return self._said[-4096:]
