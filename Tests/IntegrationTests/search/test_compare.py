"""The searches of `clients/python/examples/compare`, as they stand there; Ray's is in the group of Ray."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest
from places import AWAIT_SECONDS, CLIENT

COMPARE = CLIENT / "examples" / "compare"


def run(name, folder, **environment):
    return subprocess.run(
        [sys.executable, str(COMPARE / f"with_{name}.py")], cwd=folder, capture_output=True, text=True,
        timeout=AWAIT_SECONDS, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def lines():
    spec = importlib.util.spec_from_file_location("lines", COMPARE / "lines.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {path.stem[5:]: module.count(path) for path in COMPARE.glob("with_*.py")}


def test_with_trimtab_it_is_the_shortest(lines):
    assert lines["trimtab"] <= 13
    assert lines["trimtab"] < lines["optuna"] and lines["trimtab"] < lines["ray_tune"]
    shown = dict(re.findall(r"\| `with_(\w+).py` \| (\d+) \|", (COMPARE / "README.md").read_text()))
    assert {name: int(count) for name, count in shown.items()} == lines


def test_trimtab_ends_by_itself_and_has_nothing_to_do_afterwards(binary, tmp_path):
    done = run("trimtab", tmp_path, TRIMTAB_BINARY=binary)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Candidate(encoder='huge', language_model='phi')\n"
    again = run("trimtab", tmp_path, TRIMTAB_BINARY=binary)
    assert again.stdout == done.stdout and "begins" not in again.stderr


def test_optuna_ends_by_itself(tmp_path):
    done = run("optuna", tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\{'encoder': '\w+', 'language_model': '\w+'\}\n", done.stdout)
    assert "MemoryError" in done.stderr, "one candidate does not fit"
