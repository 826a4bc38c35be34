"""Where things are, for the tests of this group."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
CLIENTS = REPOSITORY / "clients"
FIXTURES = REPOSITORY / "fixtures"
AWAIT_SECONDS = 120.0  # how long a test waits before it calls something missing; says nothing about speed
