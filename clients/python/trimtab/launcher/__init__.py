"""Runs a search's trials as subprocesses on this host: see `launch`."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union, get_args

from ..answers import SuggestionReport
from ..blocking import Trimtab
from ..errors import TrimtabError
from ..frames import Command, checked_words
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

    Raises ValueError or TypeError for a command that is none, and FileNotFoundError where its program is not there.
    Where no candidate has come to a score the report suggests nothing, and the trials' logs say why.
    """
    folder = Path(state).resolve()
    bounds = limits if isinstance(limits, Limits) else _limits(limits or {})
    params = pool_params(pool)
    found = devices(gpus)
    words, variables = words_of(command), {**os.environ, **(environment or {})}
    check_program(words[0], variables)
    place = ThisHost(slots(found, params["search"].get("gpusPerTrial", 1)), words, variables)
    return run(place, folder, params, limits=bounds, steps=steps, seed=seed, binary=binary, table=table,
               checkpoints=checkpoints, found=found, name=name, job=job)


def words_of(command: Union[str, Iterable[str], Callable[[TrainingTrial], Any]]) -> list[str]:
    """The program of a command and its arguments.

    Raises ValueError or TypeError that says what was expected.
    """
    if callable(command):
        return command_of(command)
    expected = "command: expected a line such as 'python train.py', a list of words, or a function of the trial"
    if isinstance(command, str):
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise ValueError(f"command: expected a line that a shell can split, found {command!r}: {error}") from None
        return checked_words(words, expected)
    if isinstance(command, Iterable) and not isinstance(command, (bytes, bytearray, Mapping)):
        return checked_words(command, expected)
    raise TypeError(f"{expected}, found {command!r}")


def check_program(program: str, environment: Mapping[str, str]) -> None:
    """Raises FileNotFoundError where a program is not there: each trial would fail, one after the other."""
    # With a placeholder it may be another one for each candidate.
    if "{" not in program and shutil.which(program, path=environment.get("PATH", os.defpath)) is None:
        where = "the file is not there or no program" if "/" in program else "no program of this name is on the PATH"
        raise FileNotFoundError(f"command: expected a program that can be started, found {program!r}: {where}; "
                                "no trial was started")


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
                known = owner.isdecimal()  # a lock whose text is damaged is still held
                if (known and start_time(int(owner)) is not None) or time.monotonic() > patience:
                    holder = f"process {owner}" if known else "another process"
                    raise LauncherRuns(f"{holder} runs the search in {folder} already") from None
                time.sleep(0.01)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
