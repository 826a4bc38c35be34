"""A wheel in a fresh environment is the whole set-up: `pip install`, and the quick start runs."""

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import AWAIT_SECONDS, REPOSITORY
from test_documents import blocks

CLIENT = REPOSITORY / "clients" / "python"


@pytest.fixture(scope="module")
def wheel(binary, tmp_path_factory):
    spec = importlib.util.spec_from_file_location("wheel_builder", CLIENT / "make_wheel.py")
    assert spec is not None and spec.loader is not None
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    return builder.build(Path(binary), tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Runs a command of an environment that has the wheel and nothing else, far from the repository."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    subprocess.run([str(environment / "bin" / "pip"), "install", "--quiet", "--no-index", str(wheel)], check=True)

    def run(command, *arguments):
        return subprocess.run(
            [str(environment / "bin" / command), *arguments], cwd=environment, env={"PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, timeout=AWAIT_SECONDS)

    return run


def test_the_wheel_is_of_one_platform_and_carries_types_and_licence(wheel):
    assert wheel.name.startswith("trimtab-0.1.0-py3-none-") and not wheel.name.endswith("any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        mode = archive.getinfo("trimtab/bin/trimtab").external_attr >> 16
    assert mode & 0o111, "the binary may be run"
    assert "trimtab/py.typed" in names and any(name.endswith("LICENSE") for name in names)
    assert "trimtab/methods/trials.py" in names and "trimtab/answers/pools.py" in names


def test_the_quick_start_runs(installed):
    """The search of the client's README, which needs no file of the repository."""
    [quick_start] = [text for kind, text in blocks("clients/python/README.md")
                     if kind == "python" and "submit_pool" in text]
    done = installed("python", "-W", "error", "-c", quick_start)
    assert done.returncode == 0, done.stderr
    assert "Candidate(encoder=" in done.stdout


def test_the_command_is_the_binary(installed):
    done = installed("trimtab", "--version")
    assert (done.returncode, done.stdout) == (0, "trimtab 0.1.0\n"), done.stderr
