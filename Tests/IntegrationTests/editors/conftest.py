"""Answers to show, the compiled extension, and editors on a manifest."""

import shutil
import subprocess

import pytest
from places import AWAIT_SECONDS, CLIENTS, FIXTURES
from programs import program
from sessions import EDITORS, Editor
from trimtab import Metric, ModelPart, SelectionTask, Trimtab
from trimtab.requests import Request


@pytest.fixture(scope="session")
def extension(tmp_path_factory):
    """The folder with the extension's JavaScript, type-checked."""
    compiler, out = program("tsc", "node-typescript"), tmp_path_factory.mktemp("extension")
    for project, folder in (("", "out"), ("webview", "out/webview")):
        subprocess.run([compiler, "-p", CLIENTS / "vscode" / project, "--outDir", out / folder], check=True)
    shutil.copytree(CLIENTS / "vscode" / "media", out / "media")
    return out


@pytest.fixture(scope="session")
def frontier(binary):
    """What the command trimtab.showFrontier says of a pipeline: its curve and the point of an objective."""
    with Trimtab([binary, "serve"], roots=[str(FIXTURES)], timeout=AWAIT_SECONDS) as client:
        session = client.open_session("energy")
        session.define_pipeline("gpt", schedule="1f1b", stages=8, microbatches=24, blocking_power_watts=95.0)
        session.submit_profile("gpt", csv_path=str(FIXTURES / "profiles" / "modelled-h100-8stage.csv"))
        session.characterize("gpt", effort="quick", plan_count=32)
        params = {"session": "energy", "pipeline": "gpt"}
        return {"message": "gpt", "pipeline": "gpt", "curve": client.call(Request("frontier/curve", params)),
                "point": client.call(Request("frontier/query", {**params, "slowdownFraction": 0.05}))}


@pytest.fixture(scope="session")
def search(binary):
    """What the commands trimtab.suggestion and trimtab.ranking say of a search that is under way."""
    with Trimtab([binary, "serve"], timeout=AWAIT_SECONDS) as client:
        session = client.open_session("vqa")
        session.submit_pool(
            encoders=[ModelPart(f"e{n}") for n in range(3)], language_models=[ModelPart(f"m{n}") for n in range(3)],
            task=SelectionTask("vqa", Metric("accuracy", "maximize", (0.0, 1.0)), alignment_sample_count=6400))
        for _ in range(6):
            trial = session.pool.next_trial("worker")
            error = 0.1 + 0.04 * int(trial.candidate.encoder[-1]) + 0.02 * int(trial.candidate.language_model[-1])
            trial.update(1, 1.0 - error * trial.to_fraction ** -0.2, data_fraction=trial.to_fraction)
        params = {"session": "vqa"}
        suggestion = client.call(Request("suggestion/get", params))["suggestion"]
        ranking = client.call(Request("suggestion/ranking", params))["ranking"]
        return {"suggestion": {"message": "Suggested: one", "suggestion": suggestion},
                "ranking": {"message": "9 candidates", "ranking": ranking}}


@pytest.fixture
def opened(binary, extension, vscode_jsonrpc):
    """Opens the manifest of a folder in an editor."""
    editors = []

    def open_in(name, folder, server=None):
        command, variables = EDITORS[name](server or binary, extension, vscode_jsonrpc)
        editors.append(Editor(command, folder, **variables))
        return editors[-1]

    yield open_in
    for one in editors:
        one.close()
