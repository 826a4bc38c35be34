"""A search for a model through the Python client, blocking and asyncio, against the real binary."""

import asyncio
import base64
import math
import subprocess
import sys

import numpy
import pytest
import trimtab
from conftest import AWAIT_SECONDS, REPOSITORY
from trimtab import (
    GPU,
    AsyncTrial,
    AsyncTrimtab,
    BusyGPU,
    ContentModified,
    InvalidReport,
    Metric,
    ModelPart,
    NoTrial,
    RequestCancelled,
    SelectionTask,
    TrialClosed,
    Trimtab,
)

TASK = SelectionTask("vqa", Metric("accuracy", "maximize", (0.0, 1.0)), 1000)
PARTS = {"encoders": [ModelPart("e0", family="a"), ModelPart("e1", family="b")],
         "language_models": [ModelPart("l0", memory_bytes=10), ModelPart("l1", memory_bytes=30)], "task": TASK}


@pytest.fixture
def start(binary):
    def start(kind=Trimtab, **options):
        return kind([binary, "serve"], timeout=AWAIT_SECONDS, **options)

    return start


def accuracy(candidate, fraction):
    base = {"e0l0": 0.5, "e0l1": 0.4, "e1l0": 0.3, "e1l1": 0.2}[candidate.encoder + candidate.language_model]
    return 1 - base * fraction ** -0.1


@pytest.mark.parametrize(
    "strategy", ["race", "mordal", "grid", "random", "successiveHalving", "hyperband", "asha", "ats"])
def test_ask_and_tell_finds_the_best(start, strategy):
    with start() as client:
        session = client.open_session("s")
        assert session.submit_pool(**PARTS, search={"strategy": strategy}).candidate_count == 4
        while trial := session.pool.next_trial("w"):
            for fraction in (trial.from_fraction + 0.5 * (trial.to_fraction - trial.from_fraction), trial.to_fraction):
                decision = trial.update(round(fraction * 1e6), accuracy(trial.candidate, fraction),
                                        data_fraction=fraction, gpu_seconds=100 * (fraction - trial.from_fraction))
                if not decision.goes_on:
                    break
            assert not decision.goes_on
        assert isinstance(trial, NoTrial) and trial.finished
        report = session.suggestion()
        assert report.suggestion.candidate == trimtab.Candidate("e1", "l1")
        low, high = report.suggestion.score_interval
        assert low <= report.suggestion.predicted_score <= high
        assert [entry.rank for entry in session.ranking().ranking] == [1, 2, 3, 4]


def test_gpus_are_given_by_memory_and_freed(start):
    with start() as client:
        session = client.open_session("s")
        session.register_gpus([GPU("small", memory_bytes=10), GPU("large", memory_bytes=40)])
        session.submit_pool(**PARTS, search={"strategy": "grid"})
        first, second = session.pool.next_trial("w1"), session.pool.next_trial("w2")
        assert first.gpus != second.gpus
        for trial in (first, second):
            assert trial.gpus == ("large",) or trial.candidate.language_model == "l0"
        assert session.pool.next_trial("w3") == NoTrial("noIdleGPU", False)
        assert session.pool.next_trial("w1").number == first.number  # asked again: the same trial
        with pytest.raises(BusyGPU) as refused:
            session.pool.next_trial(gpus=["large"])
        assert refused.value.data["trial"] in (first.number, second.number)
        lost = session.retire_gpus(["large"], reason="fell off the bus").lost_trials
        assert lost in ((first.number,), (second.number,))
        with pytest.raises(TrialClosed) as closed:
            (first if lost == (first.number,) else second).update(1, 0.5, data_fraction=0.01)
        assert closed.value.outcome == "lost"


def test_reports_are_idempotent_and_checked(start):
    with start() as client:
        session = client.open_session("s")
        session.submit_pool(**PARTS, search={"strategy": "grid"})
        trial = session.pool.next_trial()
        late, early = {"data_fraction": 0.3}, {"data_fraction": 0.1}
        assert trial.update(30, 0.5, **late).goes_on
        assert not trial.update(10, 0.4, **early).duplicate  # out of order
        assert trial.update(30, 0.5, **late).duplicate
        with pytest.raises(InvalidReport):
            trial.update(30, 0.6, **late)
        with pytest.raises(InvalidReport) as percent:
            trial.update(40, 50.0, data_fraction=0.4)
        assert percent.value.data["path"] == "score"
        other = session.pool.next_trial()
        ended = other.update(1, 0.5, data_fraction=0.999, last=True)  # a batch short of all
        assert (ended.decision, ended.reason, ended.duplicate) == ("pause", "completed", False)
        assert other.update(1, 0.5, data_fraction=0.999, last=True).decision == "pause"
        with pytest.raises(TrialClosed) as closed:
            other.update(2, 0.5, data_fraction=1.0)
        assert closed.value.outcome == "completed"
        decision = trial.update(50, math.nan, data_fraction=0.5)
        assert (decision.decision, decision.reason) == ("stop", "diverged")


def test_a_notification_is_answered_by_a_push(start):
    pushed = []
    with start(on_notification=lambda method, params: pushed.append((method, params))) as client:
        session = client.open_session("s")
        session.submit_pool(**PARTS, search={"strategy": "grid"})
        trial = session.pool.next_trial()
        trial.update_nowait(1, 0.5, data_fraction=0.1)
        trial.update_nowait(1, 7.5, data_fraction=0.1)
        trial.update_nowait(2, 0.6, data_fraction=1.0)
        session.suggestion()
    decided = [params for method, params in pushed if method == "trial/decided"]
    assert [(params["trial"], params["step"], params.get("decision")) for params in decided] == [
        (1, 1, "continue"), (1, 1, None), (1, 2, "stop")]
    assert decided[1]["error"]["data"]["kind"] == "invalidReport"
    changed = [params for method, params in pushed if method == "suggestion/changed"]
    assert changed and changed[-1]["candidate"] == {"encoder": "e0", "languageModel": "l0"}


def test_many_asynchronous_workers(start):
    async def work(session, name, done):
        while True:
            trial = await session.pool.next_trial(name)
            if not isinstance(trial, AsyncTrial):
                if trial.finished:
                    return
                await asyncio.sleep(0)
                continue
            decision = await trial.update(
                1, accuracy(trial.candidate, trial.to_fraction), data_fraction=trial.to_fraction
            )
            assert not decision.goes_on
            done.append(trial.number)

    async def main():
        done = []
        async with start(AsyncTrimtab) as client:
            session = await client.open_session("s")
            await session.submit_pool(**PARTS)
            await asyncio.gather(*(work(session, f"w{n}", done) for n in range(8)))
            report = await session.suggestion()
        assert sorted(done) == list(range(1, len(done) + 1))
        assert report.suggestion.candidate == trimtab.Candidate("e1", "l1")

    asyncio.run(main())


def test_clusters_agree_with_numpy(start, tmp_path):
    generator = numpy.random.default_rng(5)
    shared = generator.standard_normal((200, 12))
    matrices = {
        "e0": shared.astype("float32"),
        "e1": (shared @ numpy.linalg.qr(generator.standard_normal((12, 12)))[0]),
        "e2": generator.standard_normal((200, 7)),
    }
    numpy.save(tmp_path / "e0.npy", matrices["e0"])
    with start(roots=[str(tmp_path)]) as client:
        session = client.open_session("s")
        session.submit_pool(
            encoders=[ModelPart(name) for name in matrices], language_models=[ModelPart("l")], task=TASK
        )
        session.attach_representation("e0", npy_path=str(tmp_path / "e0.npy"))
        session.attach_representation("e1", base64=base64.b64encode(matrices["e1"].astype("<f8").tobytes()).decode(),
                                      element_type="float64", shape=matrices["e1"].shape)
        attached = session.attach_representation("e2", rows=matrices["e2"].tolist())
        assert (attached.sample_count, attached.feature_count, attached.representation_count) == (200, 7, 3)
        found = session.pool_clusters()
        assert found.used_by_search
        assert [cluster.members for cluster in found.encoders.clusters] == [("e0", "e1"), ("e2",)]
        for row, one in enumerate(matrices.values()):
            for column, other in enumerate(matrices.values()):
                assert found.encoders.similarity[row][column] == pytest.approx(linear_cka(one, other), abs=1e-6)


def test_an_export_is_not_replayed_with_another_file(start, tmp_path):
    """Its path may lead to other contents elsewhere, with which the search would decide otherwise."""
    path = tmp_path / "e.npy"
    numpy.save(path, numpy.random.default_rng(7).standard_normal((20, 3)))
    with start(roots=[str(tmp_path)]) as client:
        session = client.open_session("s")
        session.submit_pool(encoders=[ModelPart("e")], language_models=[ModelPart("l")], task=TASK)
        session.attach_representation("e", npy_path=str(path))
        requests = session.export().requests
    attach = next(one["params"] for one in requests if one["method"] == "pool/attachRepresentation")

    def replayed():
        with start(roots=[str(tmp_path)]) as client:
            for one in requests:
                client.call(trimtab.Request(one["method"], one["params"]))
            return client.call(trimtab.Request("session/export", {"session": "s"}))["requests"]

    assert replayed() == list(requests)
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    with pytest.raises(trimtab.UnreadableFile, match=f"CRC-32C {attach['crc32c']}"):
        replayed()
    path.unlink()
    with pytest.raises(trimtab.UnreadableFile):
        replayed()


def linear_cka(one, other):
    one, other = (m.astype("float64") - m.astype("float64").mean(axis=0) for m in (one, other))
    cross, left, right = (numpy.linalg.norm(a.T @ b) ** 2 for a, b in ((one, other), (one, one), (other, other)))
    return cross / math.sqrt(left * right)


def test_clusters_of_changed_inputs_are_not_adopted(start, tmp_path):
    generator = numpy.random.default_rng(6)
    with start(roots=[str(tmp_path)]) as client:
        session = client.open_session("s")
        session.submit_pool(
            encoders=[ModelPart(f"e{n}") for n in range(4)], language_models=[ModelPart("l")], task=TASK
        )
        for n in range(4):
            numpy.save(tmp_path / f"e{n}.npy", generator.standard_normal((1000, 300)))
            session.attach_representation(f"e{n}", npy_path=str(tmp_path / f"e{n}.npy"))
        # Both are read in one go, so the change is there before the computation is.
        compared, _ = client.pipeline_requests([
            session.request.pool_clusters(kernel="rbf"),
            session.request.attach_representation("e0", npy_path=str(tmp_path / "e1.npy"))])
        assert isinstance(compared, ContentModified) and compared.kind == "inputsChanged"
        assert session.pool_clusters().used_by_search
        work = client.start(session.request.pool_clusters(kernel="rbf"))
        work.cancel()
        with pytest.raises(RequestCancelled):
            work.result()


def test_an_export_replays_in_another_process(start):
    with start() as client, start() as other:
        session = client.open_session("s")
        session.submit_pool(**PARTS)
        for _ in range(5):
            if trial := session.pool.next_trial():
                trial.update(1, accuracy(trial.candidate, trial.to_fraction), data_fraction=trial.to_fraction)
        export = session.export()
        for entry in export.requests:
            other.call(trimtab.Request(entry["method"], entry["params"]))
        ranking = trimtab.Request("suggestion/ranking", {"session": "s"})
        assert other.call(ranking) == client.call(ranking)


def test_the_example_runs(binary):
    script = REPOSITORY / "clients" / "python" / "examples" / "select_model.py"
    run = subprocess.run([sys.executable, script, "--binary", binary], capture_output=True, text=True,
                         timeout=AWAIT_SECONDS, check=True)
    assert "suggested: " in run.stdout and "GPU-hours" in run.stdout
