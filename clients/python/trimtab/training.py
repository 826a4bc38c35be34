"""The training script's side of a launcher: `trimtab.trial()` is what this process is to train."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

from .answers import Candidate
from .errors import RPCError, TrimtabError, error_from
from .score import Score, spelled

ENVIRONMENT = "TRIMTAB_TRIAL"


class NoLauncher(TrimtabError):
    """This process was not started by a launcher, or the launcher has ended."""


@dataclass(frozen=True)
class Decision:
    """What the search says about a report; `decision` is "continue", "pause" or "stop"."""

    decision: str
    reason: str

    @property
    def ended(self) -> bool:
        """Whether the trial is over: paused at a rung, or stopped. Save to `save_to`, and leave the loop."""
        return self.decision != "continue"


class TrainingTrial:
    """What this process is to train. `trimtab.trial()` makes it.

        trial = trimtab.trial(steps=10_000)
        model = load(trial.resume_from) if trial.resume_from else build(trial.candidate)
        for step in trial.steps():
            train_step(model)
            if step % 500 == 0 or step == trial.to_step:
                if trial.report(step, evaluate(model)).ended:
                    save(model, trial.save_to)
                    break
    """

    def __init__(self, given: Mapping[str, Any], steps: Optional[int] = None) -> None:
        self._given = given
        self._connection: Any = None
        self.number: int = given["trial"]
        self.candidate = Candidate(**given["candidate"])
        self.from_fraction: float = given["from_fraction"]
        self.to_fraction: float = given["to_fraction"]
        self.from_sample_count: int = given["from_sample_count"]
        self.to_sample_count: int = given["to_sample_count"]
        self.resume_from: Optional[Path] = Path(given["resume_from"]) if given["resume_from"] else None
        self.save_to = Path(given["save_to"])
        self.step_count: Optional[int] = steps if steps is not None else given.get("steps")
        if self.step_count is not None and self.step_count < 1:
            raise ValueError(f"steps is the number of steps of training on all data, at least 1, not {self.step_count}")

    @property
    def from_step(self) -> int:
        """Steps done before this trial."""
        return round(self.from_fraction * self._steps())

    @property
    def to_step(self) -> int:
        """The step at which this trial ends, if the search does not end it before."""
        return max(self.from_step + 1, math.ceil(self.to_fraction * self._steps() - 1e-9))

    def steps(self) -> range:
        """The steps of this trial, counted from the start of the candidate's training."""
        return range(self.from_step + 1, self.to_step + 1)

    def checkpoint_path(self, step: int) -> Path:
        """Where weights saved before the trial's end may go; report them with `checkpoint=`."""
        return self.save_to.with_name(f"step-{step:09d}")

    def report(
        self, step: int, score: Score, *, data_fraction: Optional[float] = None,
        sample_count: Optional[int] = None, energy_joules: Optional[float] = None,
        checkpoint: Optional[os.PathLike[str]] = None,
    ) -> Decision:
        """Reports a score, or where the task has several metrics a mapping of their names to scores, and says whether
        the trial goes on.

        How much data the model has seen is `data_fraction` or `sample_count`, or follows from `step` where
        `trial(steps=...)` or the launcher said how many steps a training on all data has. `checkpoint`: weights of
        this step that have been saved. With `torch.distributed` every rank calls this, and the first one reports.
        """
        if checkpoint is None:
            return self.report_before_saving(
                step, score, self.save_to, data_fraction=data_fraction, sample_count=sample_count,
                energy_joules=energy_joules)
        return self._report(step, score, data_fraction, sample_count, energy_joules, checkpoint, to_be_saved=False)

    def report_before_saving(
        self, step: int, score: Score, checkpoint: os.PathLike[str], *, data_fraction: Optional[float] = None,
        sample_count: Optional[int] = None, energy_joules: Optional[float] = None,
    ) -> Decision:
        """As `report`, with the path at which weights of this step will be saved if this ends the trial. They count as
        saved when the process has ended without an error."""
        return self._report(step, score, data_fraction, sample_count, energy_joules, checkpoint, to_be_saved=True)

    def _report(
        self, step: int, score: Score, data_fraction: Optional[float], sample_count: Optional[int],
        energy_joules: Optional[float], checkpoint: Optional[os.PathLike[str]], *, to_be_saved: bool,
    ) -> Decision:
        if data_fraction is None and sample_count is None:
            data_fraction = min(1.0, step / self._steps())
            if step >= self.to_step:  # a step may be more than what the trial was to see
                data_fraction = max(data_fraction, self.to_fraction)
        reached = (data_fraction >= self.to_fraction if data_fraction is not None
                   else sample_count is not None and sample_count >= self.to_sample_count)
        if to_be_saved and not reached:
            checkpoint = None  # it is saved only if this report ends the trial, which is known where it must end
        told = {name: spelled(one) for name, one in score.items()} if isinstance(score, Mapping) else spelled(score)
        return _on_first_rank(lambda: self._ask({
            "report": {"step": int(step), "score": told,
                       "data_fraction": data_fraction, "sample_count": sample_count, "energy_joules": energy_joules,
                       "checkpoint": None if checkpoint is None else os.fspath(checkpoint),
                       "to_be_saved": to_be_saved}}))

    def out_of_memory(self, message: str = "") -> None:
        """Says that the candidate does not fit this GPU; an exception that leaves the script says so by itself."""
        self._send({"failed": "outOfMemory", "message": message[:1000]})

    def _steps(self) -> int:
        if self.step_count is None:
            raise TypeError("how many steps has a training on all data? Say trimtab.trial(steps=...), or report with "
                            "data_fraction= or sample_count=")
        return self.step_count

    def _ask(self, message: Mapping[str, Any]) -> Decision:
        answer = self._send(message)
        if "error" in answer:
            raise error_from(answer["error"])
        return Decision(answer["decision"], answer["reason"])

    def _send(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        from multiprocessing import AuthenticationError
        from multiprocessing.connection import Client

        address = self._given["address"]
        try:
            if self._connection is None:
                self._connection = Client(
                    tuple(address) if isinstance(address, list) else address,
                    authkey=bytes.fromhex(self._given["key"]))
            self._connection.send_bytes(json.dumps({"trial": self.number, **message}).encode())
            answer: Mapping[str, Any] = json.loads(self._connection.recv_bytes())
            return answer
        except (AuthenticationError, OSError, EOFError) as error:
            raise NoLauncher(f"the launcher of trial {self.number} has ended: {error}") from None

    def _before_the_end(
        self, kind: type[BaseException], error: BaseException, traceback: Optional[TracebackType]
    ) -> None:
        if is_out_of_memory(kind):
            try:
                self.out_of_memory(f"{kind.__name__}: {error}")
            except (NoLauncher, RPCError) as late:
                print(f"trimtab: {late}", file=sys.stderr)
        self._hook(kind, error, traceback)

    def _watch_exceptions(self) -> None:
        self._hook, sys.excepthook = sys.excepthook, self._before_the_end


def is_out_of_memory(kind: type[BaseException]) -> bool:
    """Whether an exception says that memory was too little: PyTorch's, Python's, and those of other frameworks that
    use the same name."""
    return any(one.__name__ in ("OutOfMemoryError", "MemoryError") for one in kind.__mro__)


def _on_first_rank(report: Any) -> Decision:
    """The first rank's decision, on every rank of a process group of PyTorch."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return report()  # type: ignore[no-any-return]
    box: list[Any] = [None]
    if distributed.get_rank() == 0:
        try:
            box[0] = report()
        except TrimtabError as error:
            box[0] = error
    distributed.broadcast_object_list(box, src=0)
    if isinstance(box[0], TrimtabError):
        raise box[0]
    return box[0]  # type: ignore[no-any-return]


def trial(steps: Optional[int] = None) -> TrainingTrial:
    """What this process is to train, as the launcher that started it says; `steps` is what a training on all data has.

    See `TrainingTrial`. From now on an exception that leaves the script and says that memory was too little is
    reported, so that the candidate leaves the search.
    """
    path = os.environ.get(ENVIRONMENT)
    if path is None:
        raise NoLauncher("this process was not started by a launcher: run it with `python -m trimtab launch`, or "
                         "trimtab.launch(...)")
    one = TrainingTrial(json.loads(Path(path).read_text()), steps)
    one._watch_exceptions()
    one._send({"began": True})
    return one
