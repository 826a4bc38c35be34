"""Where things are, and how long tests wait, for all groups."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CLIENTS = REPOSITORY / "clients"
CLIENT = CLIENTS / "python"
FIXTURES = REPOSITORY / "fixtures"
AWAIT_SECONDS = 120.0  # how long a test waits before it calls something missing; says nothing about speed
