"""Where trials run: as processes of this host, or wherever a scheduler puts them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Protocol

from ..training import ENVIRONMENT
from .devices import Slot
from .processes import TrialProcess, end_left_groups


class TrialJob(Protocol):
    """A trial under way."""

    folder: Path

    def wait(self) -> int:
        """Waits for the end, of everything that belongs to it, and returns the exit code; negative for a signal."""

    def signal(self, number: int) -> None:
        """Asks it to end with SIGTERM, makes it end with SIGKILL."""

    def end(self, grace_seconds: float) -> None:
        """Ends it, and returns when it has ended, or when that is the scheduler's affair."""

    def log_tail(self) -> str:
        """The end of what it wrote."""


class Place(Protocol):
    """Where trials run."""

    slots: Sequence[Slot]
    address: Optional[str]  # of this host, as trials elsewhere see it; None where they run on it

    def take_over(self, trials: Path, grace_seconds: float) -> None:
        """Ends what an earlier launcher has left."""

    def start(self, given: Mapping[str, Any], slot: Slot, folder: Path) -> TrialJob:
        """Starts a trial; `given` is what `TrainingTrial` reads."""


class ThisHost:
    """Trials are process groups of this host."""

    address: Optional[str] = None

    def __init__(self, slots: Sequence[Slot], command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.slots, self.command, self.environment = slots, command, environment

    def take_over(self, trials: Path, grace_seconds: float) -> None:
        end_left_groups(trials, grace_seconds)

    def start(self, given: Mapping[str, Any], slot: Slot, folder: Path) -> TrialProcess:
        path = folder / "trial.json"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(given, file)
        environment = {**self.environment, ENVIRONMENT: str(path), "CUDA_VISIBLE_DEVICES": slot.visible}
        words = {**given["candidate"], "trial": given["trial"], "resume_from": given["resume_from"] or "",
                 "save_to": given["save_to"]}
        return TrialProcess([filled(word, words) for word in self.command], environment, folder)


def filled(word: str, words: Mapping[str, Any]) -> str:
    """A word of the command with `{encoder}` and the like filled in; other braces are the command's own."""
    for one, value in words.items():
        word = word.replace(f"{{{one}}}", str(value))
    return word
