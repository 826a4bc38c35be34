"""Searches whose trials are trained by the real `transformers.Trainer`, Lightning and accelerate, on the CPU."""

import json
import os
from pathlib import Path

import loops
import pytest
import trimtab

HERE = str(Path(__file__).parent)


@pytest.fixture
def launch(binary, tmp_path):
    def launch(function, encoders=("good", "bad")):
        pool = {
            "encoders": list(encoders), "language_models": ["m"],
            "task": {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignment_sample_count": 1600},
            "search": {"strategy": "successiveHalving", "start_fraction": 0.25, "observed_fraction": 1.0}}
        environment = {
            "JOURNAL": str(tmp_path / "journal"), "OMP_NUM_THREADS": "1", "TRANSFORMERS_OFFLINE": "1",
            "PYTHONPATH": os.pathsep.join([HERE, os.environ["PYTHONPATH"]])}
        report = trimtab.launch(
            pool, function, gpus=1, state=tmp_path / "state", steps=loops.STEPS, binary=binary, table=False,
            environment=environment)
        return report, [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]

    return launch


@pytest.mark.parametrize("loop", [loops.with_transformers, loops.with_lightning, loops.with_accelerate],
                         ids=["transformers", "lightning", "accelerate"])
def test_the_loop_ends_with_its_trial_and_goes_on_from_its_checkpoint(launch, loop):
    report, ran = launch(loop)
    assert report.finished and report.suggestion is not None
    assert report.suggestion.candidate.encoder == "good"
    ends = {encoder: [one["to"] for one in ran if one["encoder"] == encoder] for encoder in ("good", "bad")}
    assert ends["good"][0] == ends["bad"][0] == 4, "a quarter of all steps, though the loop is set up for all"
    assert len(ends["good"]) > 1 and ends["good"] == sorted(set(ends["good"])), "it went on"
    assert len(ran) == report.cost.trial_count, "no trial was begun again"
    # Had a later trial begun with fresh weights, its loss would not be that of all its steps together.
    [seen] = [one for one in report.evidence if one.candidate.encoder == "good"]
    for observation in seen.observations:
        steps = round(observation.data_fraction * loops.STEPS)
        assert observation.score == pytest.approx((1 - 2 * 0.04) ** (2 * steps), rel=1e-3)


def test_every_rank_hears_the_decision(launch):
    report, ran = launch(loops.on_two_ranks, encoders=("good",))
    assert report.finished
    for trial in {one["trial"] for one in ran}:
        first, second = [one for one in ran if one["trial"] == trial]
        assert {first["rank"], second["rank"]} == {0, 1} and first["to"] == second["to"]
