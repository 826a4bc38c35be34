"""A trial that another scheduler runs: the function that its task calls, and how its end is reported."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import RPCError
from ..training import NoLauncher, TrainingTrial, is_out_of_memory

LOST = -signal.SIGKILL  # the exit code of a task whose node is gone


def train(function: Callable[[TrainingTrial], Any], given: Mapping[str, Any]) -> None:
    """Calls the function with the trial, in the process of a task."""
    trial = TrainingTrial(given)
    trial._send({"began": True})
    try:
        function(trial)
    except BaseException as error:
        if is_out_of_memory(type(error)):
            # Where that fails, the error itself goes to the scheduler, and from there to the launcher.
            with contextlib.suppress(NoLauncher, RPCError):
                trial.out_of_memory(f"{type(error).__name__}: {error}")
        raise


def memory_bytes(stated: Any) -> int:
    """The memory of a GPU as stated, else that of this host: what runs out of it is too large all the same."""
    return int(stated or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
