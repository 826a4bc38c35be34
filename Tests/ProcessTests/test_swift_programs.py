"""The Swift programs of `clients/swift`, built and run as a package that depends on this one."""

import os
import re
import subprocess

import pytest
from conftest import REPOSITORY

PACKAGE = REPOSITORY / "clients" / "swift"


@pytest.fixture(scope="module")
def programs():
    """The folder of the built programs."""
    swift = os.environ.get("SWIFT", "swift")
    # A folder that is kept, so that only the first run builds everything.
    scratch = REPOSITORY / ".build" / "examples"
    command = [swift, "build", "--package-path", str(PACKAGE), "--scratch-path", str(scratch)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return scratch / "debug"


def run(program):
    done = subprocess.run([program], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return dict(line.split(": ", 1) for line in done.stdout.splitlines())


def test_a_program_that_embeds_the_engines(programs):
    said = run(programs / "EmbedEngines")
    figures = {name: float(match[0]) for name, text in said.items() if (match := re.match(r"[\d.]+", text))}
    assert figures["plans"] > 10 and 0 < figures["saved within 5 % more time"] < 50
    assert 0 <= figures["above the lower bound"] < 2
    # Candidate 0 has the lowest floor, and the power law is the same for all.
    assert figures["suggested candidate"] == 0 and figures["best with probability"] > 50
    assert figures["cost"] < 50


def test_a_program_with_a_server_on_a_thread(programs):
    said = run(programs / "RunSearch")
    assert said["suggested"].startswith("siglip + ") and said["refused"] == "trial"
    assert said["suggestions heard"] == "yes" and said["status"] == "0"
