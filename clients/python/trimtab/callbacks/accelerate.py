"""For Hugging Face's `accelerate`, whose loop is the user's own."""

from __future__ import annotations

from typing import Any, Optional

from accelerate import Accelerator

from ..score import Score
from ..training import Decision, TrainingTrial, trial


class AcceleratedTrial:
    """A trial whose state `accelerate` saves and loads.

        accelerator = Accelerator()
        model, optimizer, data = accelerator.prepare(model, optimizer, data)
        trial = AcceleratedTrial(accelerator, steps=10_000)
        trial.resume()
        for step in trial.steps():
            ...
            if step % 500 == 0 or step == trial.to_step:
                if trial.report(step, score).ended:
                    break
    """

    def __init__(
        self, accelerator: Accelerator, of: Optional[TrainingTrial] = None, *, steps: Optional[int] = None
    ) -> None:
        self.accelerator, self.trial = accelerator, of or trial(steps)
        self.candidate, self.to_step, self.steps = self.trial.candidate, self.trial.to_step, self.trial.steps

    def resume(self) -> None:
        """Loads what an earlier trial of the candidate has saved; call it after `accelerator.prepare`."""
        if self.trial.resume_from is not None:
            self.accelerator.load_state(str(self.trial.resume_from))

    def report(self, step: int, score: Score, **how_much: Any) -> Decision:
        """As `TrainingTrial.report`, on every process; when the trial has ended the state has been saved."""
        decision = self.trial.report(step, score, **how_much)
        if decision.ended:
            self.accelerator.save_state(str(self.trial.save_to))
        return decision
