"""Answers to show, the compiled extension, and editors on a manifest."""

import shlex
import shutil
import subprocess

import pytest
from places import AWAIT_SECONDS, CLIENTS, FIXTURES
from programs import program
from sessions import EDITORS, Editor
from trimtab import Metric, ModelPart, RPCError, SelectionTask, Trimtab
from trimtab.requests import Request

CAPABILITIES = {"textDocument": {"synchronization": {}}, "workspace": {"executeCommand": {}}}


@pytest.fixture(scope="session")
def extension(tmp_path_factory):
    """The folder with the extension's JavaScript, type-checked."""
    compiler, out = program("tsc", "node-typescript"), tmp_path_factory.mktemp("extension")
    for project, folder in (("", "out"), ("webview", "out/webview")):
        subprocess.run([compiler, "-p", CLIENTS / "vscode" / project, "--outDir", out / folder], check=True)
    shutil.copytree(CLIENTS / "vscode" / "media", out / "media")
    return out


def commands(client, folder, manifest, *names):
    """The answers of the server's commands on a manifest whose session it has, by name."""
    uri = (folder / "trimtab.toml").as_uri()
    client.notify("textDocument/didOpen", {"textDocument": {
        "uri": uri, "languageId": "trimtab", "version": 1, "text": manifest}})

    def answer(name):
        while True:  # the server looks at the session after the document has come
            try:
                return client.call(Request("workspace/executeCommand", {
                    "command": f"trimtab.{name}", "arguments": [uri, "quiet"]}))
            except RPCError as error:
                assert error.kind == "unknownSession", error

    return {name: answer(name) for name in names}


@pytest.fixture(scope="session")
def frontier(binary, tmp_path_factory):
    """What the command trimtab.showFrontier says of a pipeline: its curve and the point of an objective."""
    with Trimtab([binary, "serve"], roots=[str(FIXTURES)], timeout=AWAIT_SECONDS, capabilities=CAPABILITIES) as client:
        session = client.open_session("energy")
        session.define_pipeline("gpt", schedule="1f1b", stages=8, microbatches=24, blocking_power_watts=95.0)
        session.submit_profile("gpt", csv_path=str(FIXTURES / "profiles" / "modelled-h100-8stage.csv"))
        session.characterize("gpt", effort="quick", plan_count=32)
        manifest = 'name = "energy"\n[objective]\nslowdown_fraction = 0.05\n'
        return commands(client, tmp_path_factory.mktemp("energy"), manifest, "showFrontier")["showFrontier"]


@pytest.fixture(scope="session")
def search(binary, tmp_path_factory):
    """What the commands trimtab.suggestion and trimtab.ranking say of a search that is under way."""
    with Trimtab([binary, "serve"], timeout=AWAIT_SECONDS, capabilities=CAPABILITIES) as client:
        session = client.open_session("vqa")
        session.submit_pool(
            encoders=[ModelPart(f"e{n}") for n in range(3)], language_models=[ModelPart(f"m{n}") for n in range(3)],
            task=SelectionTask("vqa", Metric("accuracy", "maximize", (0.0, 1.0)), alignment_sample_count=6400))
        for _ in range(6):
            trial = session.pool.next_trial("worker")
            error = 0.1 + 0.04 * int(trial.candidate.encoder[-1]) + 0.02 * int(trial.candidate.language_model[-1])
            trial.update(1, 1.0 - error * trial.to_fraction ** -0.2, data_fraction=trial.to_fraction)
        manifest = 'name = "vqa"\n[pool]\n'
        return commands(client, tmp_path_factory.mktemp("vqa"), manifest, "suggestion", "ranking")


@pytest.fixture
def folder(tmp_path):
    """The folder of a manifest."""
    return tmp_path


@pytest.fixture
def recorded(folder, binary):
    """The server as a program that writes down what passes, each process into a file of its own."""
    program = folder / "trimtab"
    words = [binary, "record", "--out", f"{folder}/traffic-", "--", binary]
    before, after = shlex.join(words[:4]), shlex.join(words[4:])
    program.write_text(f'#!/bin/sh\nexec {before}$$ {after} "$@"\n')
    program.chmod(0o755)
    return str(program)


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
