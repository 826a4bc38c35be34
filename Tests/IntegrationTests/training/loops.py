"""The same small training in the loops of three frameworks: a linear model learns, the more the better the encoder is.

Each function is what a launcher runs; `$JOURNAL` gets a line for each process, with the step from which it went on.
"""

import json
import os

import torch
import trimtab
from torch import nn

STEPS = 16


class Model(nn.Module):
    """A loss as `transformers` wants it; each step of training brings the weight nearer to 1."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.layer.weight)

    def forward(self, x, labels):
        loss = ((self.layer(x) - labels) ** 2).mean()
        return {"loss": loss, "logits": self.layer(x)}


class Data(torch.utils.data.Dataset):
    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        return {"x": torch.ones(1), "labels": torch.ones(1)}


def rate(trial):
    return 0.04 if trial.candidate.encoder == "good" else 0.01


def note(trial, **fields):
    with open(os.environ["JOURNAL"], "a") as journal:
        journal.write(json.dumps({"trial": trial.number, "encoder": trial.candidate.encoder, **fields}) + "\n")


def with_transformers(trial):
    from transformers import Trainer, TrainingArguments
    from trimtab.callbacks.transformers import TrimtabCallback

    arguments = TrainingArguments(
        str(trial.save_to), max_steps=STEPS, per_device_train_batch_size=1, learning_rate=rate(trial), optim="sgd",
        lr_scheduler_type="constant", max_grad_norm=0.0, eval_strategy="steps", eval_steps=1,
        save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True)
    trainer = Trainer(
        Model(), arguments, train_dataset=Data(), eval_dataset=Data(), callbacks=[TrimtabCallback("eval_loss", trial)])
    trainer.train(resume_from_checkpoint=trial.resume_from and str(trial.resume_from))
    note(trial, to=trainer.state.global_step)


def with_lightning(trial):
    from lightning.pytorch import LightningModule, Trainer
    from trimtab.callbacks.lightning import TrimtabCallback

    class Module(LightningModule):
        def __init__(self):
            super().__init__()
            self.model = Model()

        def training_step(self, batch, index):
            return self.model(**batch)["loss"]

        def validation_step(self, batch, index):
            self.log("val_loss", self.model(**batch)["loss"])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), rate(trial))

    trainer = Trainer(
        max_steps=STEPS, accelerator="cpu", val_check_interval=1, callbacks=[TrimtabCallback("val_loss", trial)],
        logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=str(trial.save_to.parent))
    data = torch.utils.data.DataLoader(Data(), batch_size=1)
    trainer.fit(Module(), data, data, ckpt_path=trial.resume_from and str(trial.resume_from))
    note(trial, to=trainer.global_step)


def with_accelerate(trial):
    from accelerate import Accelerator
    from trimtab.callbacks.accelerate import AcceleratedTrial

    accelerator = Accelerator(cpu=True)
    model = Model()
    model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), rate(trial)))
    accelerated = AcceleratedTrial(accelerator, trial)
    accelerated.resume()
    one = {name: value.unsqueeze(0) for name, value in Data()[0].items()}
    for step in accelerated.steps():
        optimizer.zero_grad()
        loss = model(**one)["loss"]
        accelerator.backward(loss)
        optimizer.step()
        if accelerated.report(step, model(**one)["loss"].detach()).ended:
            break
    note(trial, to=step)


def on_two_ranks(trial):
    """Every rank reports, the first one to the launcher; each gets the decision."""
    import torch.multiprocessing

    torch.multiprocessing.spawn(_rank, (str(trial.save_to.parent / f"meeting-{os.getpid()}"),), nprocs=2)


def _rank(rank, meeting):
    trial = trimtab.trial(steps=STEPS)
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    for step in trial.steps():
        if trial.report(step, 1.0 / step + (0.0 if rank == 0 else 9.0)).ended:
            break
    note(trial, to=step, rank=rank)
    if rank == 0:
        trial.save_to.touch()
    torch.distributed.destroy_process_group()
