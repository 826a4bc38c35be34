"""The Emacs package compiles without a warning; its buffers, modes and capabilities."""

import json
import os
import shutil
import subprocess

import pytest
from places import AWAIT_SECONDS, CLIENTS
from programs import program
from sessions import HERE


def emacs(folder, *arguments, **variables):
    return subprocess.run(
        [program("emacs", "emacs-nox and elpa-eglot"), "--batch", "-q", *map(str, arguments)],
        env={**os.environ, "HOME": str(folder), **variables}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=AWAIT_SECONDS, check=False)


def test_it_compiles_without_a_warning(tmp_path):
    shutil.copy(CLIENTS / "emacs" / "trimtab.el", tmp_path)
    run = emacs(tmp_path, "--eval", "(setq byte-compile-error-on-warn t)", "-f", "package-initialize",
                "-f", "batch-byte-compile", tmp_path / "trimtab.el")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "trimtab.elc").exists() and "Warning" not in run.stderr


@pytest.fixture(scope="module")
def shown(search, tmp_path_factory):
    folder = tmp_path_factory.mktemp("emacs")
    (folder / "answers.json").write_text(json.dumps(search))
    run = emacs(folder, "-l", HERE / "emacs_views.el", ANSWERS=str(folder / "answers.json"),
                PLUGIN=str(CLIENTS / "emacs"))
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads([line for line in run.stdout.splitlines() if line.startswith("{")][-1])


def test_the_buffers_say_what_the_answers_do(shown, search):
    ranking = search["ranking"]["ranking"]
    lines = shown["ranking"].splitlines()
    assert len(lines) == len(ranking)
    for rank, (line, one) in enumerate(zip(lines, ranking), 1):
        assert line.split()[0] == str(rank) and one["status"] in line
        assert f"{one['candidate']['encoder']} + {one['candidate']['languageModel']}" in line
    best = search["suggestion"]["suggestion"]
    assert f"{best['candidate']['encoder']} + {best['candidate']['languageModel']}" in shown["suggestion"]
    assert f"{100 * best['probabilityBestFraction']:.1f} % likely" in shown["suggestion"]
    assert shown["missing"] == "no search\n" and shown["frontier"] == "a drawing\n"


def test_manifests_have_their_modes(shown):
    assert shown["modes"] == [
        "trimtab-manifest-mode", "trimtab-manifest-mode", "trimtab-json-manifest-mode", "trimtab-manifest-mode",
        "conf-toml-mode", "js-mode"]


def test_it_declares_what_it_adds_and_keeps_what_eglot_declares(shown):
    declared = shown["capabilities"]
    assert declared["workspace"]["codeLens"] == {"refreshSupport": True} and "codeLens" in declared["textDocument"]
    assert declared["workspace"]["applyEdit"] is True and "hover" in declared["textDocument"]
