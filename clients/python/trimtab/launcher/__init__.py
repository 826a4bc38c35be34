"""Runs a search's trials as subprocesses on this host: see `launch`."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union, get_args

from ..answers import SuggestionReport
from ..blocking import Trimtab
from ..errors import TrimtabError
from ..frames import Command
from ..run_function import command_of
from ..training import TrainingTrial
from .checkpoints import Checkpoints
from .devices import Device, GPUs, devices, slots
from .job import open_frontier
from .options import Limits, limits, pool_params
from .places import Place, ThisHost
from .processes import start_time
from .search import Search, describe_gpus, open_pool
from .table import view

__all__ = ["LauncherRuns", "Limits", "launch"]

LEFT_LOCK_SECONDS = 5.0  # how long a lock is waited for whose owner is not a process of this host


class LauncherRuns(TrimtabError):
    """Another launcher of this host runs the search of this state directory."""


def launch(
    pool: Mapping[str, Any], command: Union[str, Sequence[str], Callable[[TrainingTrial], Any]], *,
    state: Union[str, os.PathLike[str]],
    gpus: GPUs = 1, steps: Optional[int] = None, limits: Union[Limits, Mapping[str, Any], None] = None,
    environment: Optional[Mapping[str, str]] = None, seed: Optional[int] = None, binary: Command = None,
    table: Optional[bool] = None, name: str = "search", checkpoints: Checkpoints = "all",
    job: Optional[Mapping[str, Mapping[str, Any]]] = None,
) -> SuggestionReport:
    """Runs a search to its end, and returns what it suggests.

        report = trimtab.launch(
            {"encoders": ["clip", "siglip"], "language_models": ["qwen", "phi"],
             "task": {"name": "vqa", "metric": {"name": "accuracy", "direction": "maximize"},
                      "alignment_sample_count": 558_000}},
            "python train.py", gpus=4, state="search")
        print(report.suggestion.candidate)

    Each trial is `command` in a process group of its own, with its GPUs in CUDA_VISIBLE_DEVICES; `{encoder}`,
    `{language_model}`, `{projector}` and `{trial}` in it are filled in, and the script asks `trimtab.trial()` for the
    rest. In place of a command a function at the top of a file gets the trial, in a process of its own as well. `gpus`
    is a number, indices, `GPU` values with their memory, or "all". `steps` is how many steps a training on all data
    has, where the script does not say it. `limits` bounds how long things may take. `name` is the session's.
    With `checkpoints="needed"` a trial's end deletes those checkpoints of its candidate that nothing needs any more.
    `job` has the tables `pipeline`, `profile` and `frontier` of a manifest: the frontier of that job is computed before
    the first trial, so that editors and notebooks show it beside the search.

    Everything is kept in the folder `state`: the search, and in `trials/NUMBER` a trial's `log.txt` and checkpoint. A
    launcher that was killed, its server or both, goes on when it is called again: it ends the processes that were left,
    and trains each trial further from its last checkpoint. A script that runs out of memory takes its candidate out of
    the search on GPUs of that memory. An interrupt ends the trials, which go on at the next call.
    """
    folder = Path(state).resolve()
    bounds = limits if isinstance(limits, Limits) else _limits(limits or {})
    params = pool_params(pool)
    found = devices(gpus)
    if callable(command):
        words = command_of(command)
    else:
        words = shlex.split(command) if isinstance(command, str) else list(command)
    place = ThisHost(
        slots(found, params["search"].get("gpusPerTrial", 1)), words, {**os.environ, **(environment or {})})
    return run(place, folder, params, limits=bounds, steps=steps, seed=seed, binary=binary, table=table,
               checkpoints=checkpoints, found=found, name=name, job=job)


def run(
    place: Place, folder: Path, params: dict[str, Any], *, limits: Limits, steps: Optional[int], seed: Optional[int],
    binary: Command, table: Optional[bool], checkpoints: Checkpoints, found: Sequence[Device] = (),
    name: str = "search", job: Optional[Mapping[str, Mapping[str, Any]]] = None,
) -> SuggestionReport:
    """Runs a search at a place, whatever it is; `params` are those of `submit_pool`."""
    if checkpoints not in get_args(Checkpoints):
        raise ValueError(f"checkpoints is one of {get_args(Checkpoints)}, not {checkpoints!r}")
    if limits.lease is not None:
        params["search"]["leaseSeconds"] = limits.lease
    (folder / "trials").mkdir(parents=True, exist_ok=True)
    with _only_one(folder), Trimtab(binary, state_directory=str(folder / "sessions")) as client, view(table) as show:
        session = client.open_session(name, seed=seed)
        open_pool(session, params)
        if found:
            describe_gpus(session, found)
        if job is not None:
            open_frontier(session, job, folder)
        search = Search(session, place, folder=folder / "trials", limits=limits, steps=steps,
                        settings=params["search"], checkpoints=checkpoints, changed=show)
        search.run()
        return session.suggestion()


_limits = limits  # the argument of `launch` has the same name


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Holds the lock of a state directory, which ends with this process however that ends."""
    with open(folder / "launcher.lock", "a+") as lock:
        # A child that the owner had just forked when it was killed holds the lock until it runs its program.
        patience = time.monotonic() + LEFT_LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                lock.seek(0)
                owner = lock.read().strip()
                if (owner and start_time(int(owner)) is not None) or time.monotonic() > patience:
                    raise LauncherRuns(f"process {owner} runs the search in {folder} already") from None
                time.sleep(0.01)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
