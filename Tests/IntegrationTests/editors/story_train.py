"""A training whose pace the test sets: trial N waits until FIFO N in $CONTROL is opened. Each candidate is better than
those that were tried before it, so that the suggestion changes."""

import os
from pathlib import Path

import trimtab

control = Path(os.environ["CONTROL"])
trial = trimtab.trial(steps=64)
name = f"{trial.candidate.encoder}+{trial.candidate.language_model}"
order = control / "order"
met = order.read_text().split() if order.exists() else []
if name not in met:
    met.append(name)
    order.write_text(" ".join(met))
error = 0.3 - 0.07 * met.index(name)
with open(control / f"trial-{trial.number}"):  # waits for the test
    pass
for step in trial.steps():
    if trial.report(step, 1.0 - error * (step / 64) ** -0.2).ended:
        trial.save_to.write_text(str(step))
        break
(control / f"ended-{trial.number}").touch()  # all that it has reported is decided
