"""A search through `submitit` with its local executor, whose jobs are processes of this host."""

import json
import os
import select
import signal
import threading

import pytest
import submitit
import trimtab
from places import AWAIT_SECONDS
from trimtab.slurm import launch

STEPS = 16
POOL = {
    "encoders": ["e0", "e1"], "language_models": ["m0", "m1"],
    "task": {"name": "t", "metric": {"name": "accuracy", "direction": "maximize"}, "alignment_sample_count": 1600}}


def training(control, memory=()):
    """The function that trains; `hold` in `control` stops one trial before its second report."""

    def train(trial):
        encoder, language_model = trial.candidate.encoder, trial.candidate.language_model
        start = json.loads(trial.resume_from.read_text()) if trial.resume_from else 0
        assert start == trial.from_step
        if encoder in memory:
            raise MemoryError("does not fit")
        error = 0.1 + 0.04 * int(encoder[-1]) + 0.02 * int(language_model[-1])
        for step in trial.steps():
            if step == 2:
                try:
                    (control / "hold").unlink()
                except FileNotFoundError:
                    pass
                else:
                    with open(control / "reached", "w") as reached:
                        reached.write(str(os.getpid()))
                    signal.pause()
            if trial.report(step, 1.0 - error * (step / STEPS) ** -0.2).ended:
                trial.save_to.write_text(json.dumps(step))
                break

    return train


@pytest.fixture
def run(binary, tmp_path):
    executor = submitit.AutoExecutor(tmp_path / "jobs", cluster="local")
    executor.update_parameters(timeout_min=10)

    def run(train):
        return launch(POOL, train, executor, state=tmp_path / "state", workers=2, steps=STEPS, binary=binary,
                      address="127.0.0.1", table=False)

    return run


def trials(binary, tmp_path):
    with trimtab.Trimtab(binary, state_directory=str(tmp_path / "state" / "sessions")) as client:
        return client.open_session("search").trials().trials


def test_a_job_that_is_killed_is_given_out_again(run, binary, tmp_path):
    os.mkfifo(tmp_path / "reached")
    (tmp_path / "hold").touch()
    reached = os.open(tmp_path / "reached", os.O_RDONLY | os.O_NONBLOCK)
    killed = []

    def kill():
        poller = select.poll()
        poller.register(reached, select.POLLIN)
        if poller.poll(AWAIT_SECONDS * 1000):
            killed.append(int(os.read(reached, 64)))
            os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    report = run(training(tmp_path))
    killer.join()
    os.close(reached)
    assert killed and report.suggestion is not None
    assert report.suggestion.candidate == trimtab.Candidate("e0", "m0")
    states = [trial.state for trial in trials(binary, tmp_path)]
    assert states.count("lost") == 1 and not {"open", "failed", "checkpointGone"} & set(states)


def test_a_model_that_does_not_fit_leaves_the_search(run, tmp_path):
    report = run(training(tmp_path, memory=("e0",)))
    assert report.suggestion is not None and report.suggestion.candidate == trimtab.Candidate("e1", "m0")
    assert {one.closure for one in report.problems} == {"fitsNoDevice"}
