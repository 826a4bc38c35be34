"""A search on a Ray cluster of two nodes of this host, of which one is killed under a trial."""

import json
import os
import select
import threading

import pytest
import ray
import trimtab
from places import AWAIT_SECONDS
from ray.cluster_utils import Cluster
from trimtab.ray import launch

STEPS = 16
POOL = {
    "encoders": ["e0", "e1"], "language_models": ["m0", "m1"],
    "task": {"name": "t", "metric": {"name": "accuracy", "direction": "maximize"}, "alignment_sample_count": 1600}}


@pytest.fixture
def cluster():
    """A head that runs no trials, and two nodes with room for two each. A dead node is noticed after a second."""
    cluster = Cluster(initialize_head=True, head_node_args={
        "num_cpus": 0, "_system_config": {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500,
                                          "health_check_failure_threshold": 2}})
    for _ in range(2):
        cluster.add_node(num_cpus=2)
    ray.init(address=cluster.address, runtime_env={"env_vars": {"PYTHONPATH": os.environ["PYTHONPATH"]}},
             log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def training(control, memory=()):
    """The function that trains: the best pair is clear by 20 % of its error; `hold` in `control` stops one trial."""

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
                else:  # the first trial that comes so far stays here, before its report
                    with open(control / "reached", "w") as reached:
                        reached.write(ray.get_runtime_context().get_node_id())
                    threading.Event().wait()
            decision = trial.report(step, 1.0 - error * (step / STEPS) ** -0.2)
            if decision.ended:
                trial.save_to.write_text(json.dumps(step))
                break

    return train


def run(binary, folder, train):
    return launch(POOL, train, state=folder / "state", workers=4, steps=STEPS, binary=binary, table=False,
                  resources={"num_cpus": 1})


def states(binary, folder):
    with trimtab.Trimtab(binary, state_directory=str(folder / "state" / "sessions")) as client:
        return [trial.state for trial in client.open_session("search").trials().trials]


def test_a_killed_node_loses_no_trial_and_changes_no_suggestion(binary, cluster, tmp_path):
    (tmp_path / "calm").mkdir()
    calm = run(binary, tmp_path / "calm", training(tmp_path / "calm"))
    assert calm.finished and calm.suggestion is not None
    assert calm.suggestion.candidate == trimtab.Candidate("e0", "m0")

    os.mkfifo(tmp_path / "reached")
    (tmp_path / "hold").touch()
    reached = os.open(tmp_path / "reached", os.O_RDONLY | os.O_NONBLOCK)
    killed = []

    def kill():
        poller = select.poll()
        poller.register(reached, select.POLLIN)
        if poller.poll(AWAIT_SECONDS * 1000):
            identifier = os.read(reached, 4096).decode()
            [node] = [node for node in cluster.worker_nodes if node.node_id == identifier]
            cluster.remove_node(node, allow_graceful=False)
            killed.append(identifier)

    killer = threading.Thread(target=kill)
    killer.start()
    report = run(binary, tmp_path, training(tmp_path))
    killer.join()
    os.close(reached)
    assert len(killed) == 1
    assert report.finished and report.suggestion is not None
    assert report.suggestion.candidate == calm.suggestion.candidate
    ended = states(binary, tmp_path)
    assert "lost" in ended and not {"open", "failed"} & set(ended), "each lost trial was given out again"


def test_a_model_that_does_not_fit_leaves_the_search(binary, cluster, tmp_path):
    report = run(binary, tmp_path, training(tmp_path, memory=("e0",)))
    assert report.suggestion is not None and report.suggestion.candidate == trimtab.Candidate("e1", "m0")
    assert {one.closure for one in report.problems} == {"fitsNoDevice"}
