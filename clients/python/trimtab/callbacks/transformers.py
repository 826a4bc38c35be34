"""For Hugging Face's `transformers.Trainer`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ..training import TrainingTrial, trial


class TrimtabCallback(TrainerCallback):  # type: ignore[misc]  # transformers need not be installed here
    """Reports each evaluation of a `Trainer`, and ends the training when the search has ended the trial.

        trial = trimtab.trial()
        arguments = TrainingArguments(trial.save_to, eval_strategy="steps", eval_steps=500, save_strategy="no", ...)
        trainer = Trainer(model, arguments, callbacks=[TrimtabCallback("eval_accuracy", trial)], ...)
        trainer.train(resume_from_checkpoint=trial.resume_from)

    `metric` is the name in the evaluation's metrics. The arguments' epochs or steps are those of a training on all
    data. The trainer saves its state when the trial ends, and the next trial resumes from it.
    """

    def __init__(self, metric: str, of: Optional[TrainingTrial] = None) -> None:
        self.metric, self.trial = metric, of or trial()

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, metrics: dict[str, Any],
        **kwargs: Any,
    ) -> TrainerControl:
        """Reports; after the decision that ends the trial the trainer saves, and stops."""
        if self.metric not in metrics:
            raise KeyError(f"the evaluation has no {self.metric!r}; it has {', '.join(sorted(metrics))}")
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        decision = self.trial.report_before_saving(
            state.global_step, metrics[self.metric], checkpoint,
            data_fraction=min(1.0, state.global_step / state.max_steps))
        if decision.ended:
            control.should_save = control.should_training_stop = True
        return control
