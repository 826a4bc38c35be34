"""A manifest with a job beside its search: the launcher gives the session its frontier, once."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trimtab
from conftest import AWAIT_SECONDS, MODELLED
from trimtab.launcher.job import open_frontier
from trimtab.requests import Request

TRAIN = Path(__file__).with_name("launched") / "train.py"
PROFILE, STAGES, BLOCKING = MODELLED["a100"]
JOB: dict[str, dict[str, Any]] = {
    "pipeline": {"schedule": "1f1b", "stages": STAGES, "microbatches": 8, "blocking_power_watts": BLOCKING},
    "profile": {"csv_path": str(PROFILE)}, "frontier": {"effort": "quick"}}
MANIFEST = f"""
name = "vqa"
command = "{sys.executable} {TRAIN}"
state = "state"

[pool]
encoders = ["e0"]
language_models = ["m0"]
task = {{ name = "vqa", alignment_sample_count = 640, metric = {{ name = "accuracy", direction = "maximize" }} }}

[pipeline]
schedule = "1f1b"
stages = {STAGES}
microbatches = 8
blocking_power_watts = {BLOCKING}

[profile]
csv_path = "profile.csv"

[frontier]
effort = "quick"
"""


@pytest.fixture
def session(binary):
    with trimtab.Trimtab([binary, "serve"], timeout=AWAIT_SECONDS) as client:
        yield client.open_session("vqa")


def revision(session):
    """How often the session has changed."""
    return session.call(Request("session/export", {"session": session.name}))["revision"]


def launch(folder, binary):
    (folder / "control").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "trimtab", "launch", "trimtab.toml", "--no-table"], cwd=folder, capture_output=True,
        text=True, timeout=AWAIT_SECONDS, check=False,
        env={**os.environ, "CONTROL": str(folder / "control"), "TRIMTAB_BINARY": binary,
             "PYTHONPATH": str(Path(trimtab.__file__).parents[1])})


def test_a_launcher_computes_the_frontier_of_its_manifest(binary, tmp_path, session):
    (tmp_path / "trimtab.toml").write_text(MANIFEST)
    (tmp_path / "profile.csv").write_bytes(PROFILE.read_bytes())
    done = launch(tmp_path, binary)
    assert done.returncode == 0 and "without a frontier" not in done.stderr, done.stderr
    session.define_pipeline("pipeline", **JOB["pipeline"])
    session.submit_profile("pipeline", csv_text=PROFILE.read_text())
    session.characterize("pipeline", effort="quick")
    state = str(tmp_path / "state" / "sessions")
    with trimtab.Trimtab([binary, "serve", "--read-only"], state_directory=state, timeout=AWAIT_SECONDS) as client:
        found = client.open_session("vqa").query("pipeline", slowdown_fraction=0.05)
    assert found.plan == session.query("pipeline", slowdown_fraction=0.05).plan


def test_a_manifest_of_a_job_alone_gets_its_frontier(binary, tmp_path, session):
    """As `trimtab init --profile` writes one: there is nothing to search, and editors show the frontier."""
    head, _, rest = MANIFEST.partition("[pool]")
    job = "\n".join(line for line in head.splitlines() if "command" not in line) + rest[rest.index("[pipeline]") - 1:]
    (tmp_path / "trimtab.toml").write_text(job)
    wrong = launch(tmp_path, binary)  # whose profile is not there
    assert wrong.returncode == 1 and "profile.csv" in wrong.stderr and not wrong.stdout, wrong.stderr
    (tmp_path / "profile.csv").write_bytes(PROFILE.read_bytes())
    done = launch(tmp_path, binary)
    assert done.returncode == 0 and done.stdout.startswith("the frontier of pipeline pipeline: from "), done.stderr
    session.define_pipeline("pipeline", **JOB["pipeline"])
    session.submit_profile("pipeline", csv_text=PROFILE.read_text())
    session.characterize("pipeline", effort="quick")
    state = str(tmp_path / "state" / "sessions")
    with trimtab.Trimtab([binary, "serve", "--read-only"], state_directory=state, timeout=AWAIT_SECONDS) as client:
        kept = client.open_session("vqa")
        before = revision(kept)
        assert kept.query("pipeline", slowdown_fraction=0.05).plan == session.query(
            "pipeline", slowdown_fraction=0.05).plan
    assert launch(tmp_path, binary).stdout == done.stdout
    with trimtab.Trimtab([binary, "serve", "--read-only"], state_directory=state, timeout=AWAIT_SECONDS) as client:
        assert revision(client.open_session("vqa")) == before, "it is computed once"


@pytest.mark.parametrize("place", ["file://", "file://localhost"])
def test_a_profile_may_be_a_uri(session, tmp_path, capsys, place):
    path = tmp_path / "pro file #1.csv"
    path.write_bytes(PROFILE.read_bytes())
    uri = path.as_uri().replace("file://", place)
    open_frontier(session, {**JOB, "profile": {"csv_path": uri}}, tmp_path)
    assert session.query("pipeline", objective="fastest").plan, capsys.readouterr().err


def test_a_job_that_is_wrong_stops_no_search(binary, tmp_path):
    (tmp_path / "trimtab.toml").write_text(MANIFEST)  # whose profile is not there
    done = launch(tmp_path, binary)
    assert done.returncode == 0 and done.stdout.startswith("suggested: e0 + m0"), done.stderr
    assert "the search goes on without a frontier" in done.stderr and "profile.csv" in done.stderr
    (tmp_path / "profile.csv").write_text("stage,instruction,frequency,time,energy\n0,forward,1410,1,30\n")
    done = launch(tmp_path, binary)
    assert done.returncode == 0 and "found none for stage 0 backward" in done.stderr, done.stderr


def test_it_is_computed_again_where_it_has_changed(session, tmp_path):
    def fastest():
        return session.query("pipeline", objective="fastest").plan.iteration_time_seconds

    open_frontier(session, JOB, tmp_path)
    before, time = revision(session), fastest()
    open_frontier(session, JOB, tmp_path)
    assert revision(session) == before
    longer = {**JOB, "pipeline": {**JOB["pipeline"], "microbatches": 12}}
    open_frontier(session, longer, tmp_path)
    assert fastest() > 1.1 * time
    session.define_pipeline("pipeline", **longer["pipeline"])  # by somebody else: now it has no frontier
    open_frontier(session, longer, tmp_path)
    assert fastest() > 1.1 * time


def test_names_of_knobs_are_the_authors(session, tmp_path):
    rows = [{"stage": 0, "instruction": kind, "frequency": {"memory_clock": 1593, "SM": 1410}, "time_seconds": 1.0,
             "energyJoules": 30.0} for kind in ("forward", "backward")]
    open_frontier(session, {"pipeline": {"schedule": "1f1b", "stages": 1, "microbatches": 2,
                                         "blocking_power_watts": 60}, "profile": {"rows": rows}}, tmp_path)
    submitted, = (one["params"]["rows"] for one in session.export().requests if one["method"] == "profile/submit")
    assert {row["instruction"] for row in submitted} == {"forward", "backward"}
    for row in submitted:
        assert row["frequency"] == rows[0]["frequency"] and row["timeSeconds"] == 1.0 and row["energyJoules"] == 30.0


def test_a_job_needs_both_tables(session, tmp_path, capsys):
    open_frontier(session, {"pipeline": JOB["pipeline"]}, tmp_path)
    assert "no table [profile]" in capsys.readouterr().err
