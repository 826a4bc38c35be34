"""A training for tests of the launcher: its accuracy follows a power law of the data, and its checkpoint is the step.

What the folder $CONTROL holds makes it misbehave: `hold-STEP` stops at a step and says so, `EVENT-ENCODER` makes a
candidate do what the event says. What it did stands in `$CONTROL/journal`, a line of JSON for each process.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import trimtab

STEPS = 64
CONTROL = Path(os.environ["CONTROL"])


def note(**fields):
    with open(CONTROL / "journal", "a") as journal:
        journal.write(json.dumps({"pid": os.getpid(), **fields}) + "\n")


def hold(**fields):
    """Says where this process is, and stays there."""
    with open(CONTROL / "reached", "w") as reached:
        reached.write(json.dumps({"pid": os.getpid(), **fields}) + "\n")
    signal.pause()


def is_to_hold(event):
    """Whether this process is the first to come to a point where one is to hold."""
    try:
        (CONTROL / f"hold-{event}").unlink()
    except FileNotFoundError:
        return False
    return True


def wants(event, trial):
    return (CONTROL / f"{event}-{trial.candidate.encoder}").exists()


def accuracy(candidate, fraction):
    """Encoders and language models differ by their last digit, of which 0 is the best."""
    error = 0.1 + 0.04 * int(candidate.encoder[-1]) + 0.02 * int(candidate.language_model[-1])
    return 1.0 - error * fraction**-0.2


def main():
    trial = trimtab.trial(steps=STEPS)
    start = json.loads(trial.resume_from.read_text())["step"] if trial.resume_from else 0
    note(trial=trial.number, encoder=trial.candidate.encoder, start=start, to=trial.to_step,
         gpus=os.environ["CUDA_VISIBLE_DEVICES"], leader=os.getpid() == os.getpgrp() == os.getsid(0))
    assert start == trial.from_step, "the checkpoint is of the step that the search says"
    if wants("memory", trial):
        raise MemoryError("the weights do not fit")
    if wants("cuda", trial):
        sys.exit("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB")
    if wants("crash", trial):
        sys.exit("a bug")
    if wants("deaf", trial):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if wants("quiet", trial):
        (CONTROL / f"quiet-{trial.candidate.encoder}").unlink()  # once
        signal.pause()
    if wants("child", trial):
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        note(child=child.pid)
    for step in trial.steps():
        decision = trial.report(step, accuracy(trial.candidate, step / STEPS))
        if is_to_hold(step):
            hold(trial=trial.number, step=step)
        if decision.ended:
            if is_to_hold("save"):
                trial.save_to.write_text("half of a che")
                hold(trial=trial.number, step=step)
            trial.save_to.write_text(json.dumps({"step": step}))
            if wants("deaf", trial):
                signal.pause()
            break


main()
