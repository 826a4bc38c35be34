"""Shared by the groups: the client of this repository, and the binary that it spawns."""

import os
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CLIENT = REPOSITORY / "clients" / "python"
sys.path.insert(0, str(CLIENT))
# Whatever the tests start finds the client, too.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CLIENT), os.environ.get("PYTHONPATH")]))

AWAIT_SECONDS = 120.0  # how long a test waits before it calls something missing; says nothing about speed


@pytest.fixture(scope="session")
def binary():
    path = Path(os.environ.get("TRIMTAB_BINARY") or REPOSITORY / ".build" / "release" / "trimtab")
    if not path.exists():
        pytest.skip(f"no binary at {path}: build it, or set TRIMTAB_BINARY")
    return str(path.resolve())
