"""Answers about what to train, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from ..rows import Rows
from .display import Answer
from .pools import Candidate


@dataclass(frozen=True, repr=False)
class Resume(Answer):
    """The checkpoint to go on from, in the words of the trial that wrote it."""

    trial: int
    step: int
    checkpoint: Any = None


@dataclass(frozen=True, repr=False)
class Assignment(Answer):
    """What to train: `candidate`, from `resume` or from the start, up to `to_fraction` of the data, on `gpus`.

    `seed` counts the candidate's earlier trainings from the start; the randomness of this one is drawn by it. `held`:
    the search counts on this worker to go on with what its last trial loaded.
    """

    trial: int
    candidate: Candidate
    from_fraction: float
    to_fraction: float
    from_sample_count: int
    to_sample_count: int
    gpus: tuple[str, ...]
    rung: int
    phase: str
    resume: Optional[Resume] = None
    seed: int = 0
    held: bool = False
    repeated: bool = False


@dataclass(frozen=True, repr=False)
class NoTrial(Answer):
    """There is no trial for this worker now; false, so that `while trial := pool.next_trial()` ends."""

    reason: str
    finished: bool
    retry_after_seconds: Optional[float] = None

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, repr=False)
class TrialDecision(Answer):
    """`decision` is "continue", "pause" or "stop"; after the last two the trial has ended."""

    trial: int
    step: int
    decision: str
    reason: str
    duplicate: bool = False

    @property
    def goes_on(self) -> bool:
        return self.decision == "continue"

    @property
    def ended(self) -> bool:
        """Whether the trial has ended: save the weights where it was paused, and leave the training loop."""
        return self.decision != "continue"


@dataclass(frozen=True, repr=False)
class TrialEnded(Answer):
    trial: int
    outcome: str
    goes_on: bool


@dataclass(frozen=True, repr=False)
class TrialCheckpoint(Answer):
    """Weights that a trial saved; they may be deleted where `needed` is false."""

    step: int
    data_fraction: float
    checkpoint: Any
    needed: bool


@dataclass(frozen=True, repr=False)
class ListedTrial(Answer):
    """A trial; `state` is "open" or how it ended."""

    trial: int
    candidate: Candidate
    state: str
    gpus: tuple[str, ...]
    from_fraction: float
    to_fraction: float
    phase: str
    heard_seconds: float
    checkpoints: Rows[TrialCheckpoint]
    worker: Optional[str] = None
    last_step: Optional[int] = None
    last_data_fraction: Optional[float] = None
    expired: bool = False


@dataclass(frozen=True, repr=False)
class TrialPage(Answer):
    revision: int
    open_trial_count: int
    trials: Rows[ListedTrial]
    next_offset: Optional[int] = None
