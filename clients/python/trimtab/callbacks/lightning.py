"""For Lightning's `Trainer`."""

from __future__ import annotations

from typing import Any, Optional

from lightning.pytorch import Callback, LightningModule, Trainer

from ..training import TrainingTrial, trial


class TrimtabCallback(Callback):  # type: ignore[misc]  # Lightning need not be installed here
    """Reports each validation of a `Trainer`, and ends the fit when the search has ended the trial.

        trial = trimtab.trial()
        trainer = Trainer(max_epochs=10, callbacks=[TrimtabCallback("val_accuracy", trial)])
        trainer.fit(module, data, ckpt_path=trial.resume_from)

    `monitor` is the name under which the module logs its score. The trainer's epochs or steps are those of a training
    on all data. The callback saves the trainer's state when the trial ends, and the next trial resumes from it.
    """

    def __init__(self, monitor: str, of: Optional[TrainingTrial] = None) -> None:
        self.monitor, self.trial = monitor, of or trial()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Reports; after the decision that ends the trial it saves, and the fit stops."""
        if trainer.sanity_checking:
            return
        metrics: dict[str, Any] = trainer.callback_metrics
        if self.monitor not in metrics:
            raise KeyError(f"the module has logged no {self.monitor!r}; it has {', '.join(sorted(metrics))}")
        total = trainer.estimated_stepping_batches
        decision = self.trial.report(
            trainer.global_step, metrics[self.monitor], data_fraction=min(1.0, trainer.global_step / total))
        if decision.ended:
            trainer.save_checkpoint(self.trial.save_to)
            trainer.should_stop = True
