"""`python -m fuzz.shrink FILE`: the fewest of a kept round's messages that still show its fault, a line each."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .connection import Connection, Fault
from .corpus import REPOSITORY


def kept(file: Path) -> list[bytes]:
    """The messages of a round that was kept."""
    data, bodies, place = file.read_bytes(), [], 0
    while place < len(data):
        end = data.index(b"\n", place)
        length = int(data[place:end])
        bodies.append(data[end + 1: end + 1 + length])
        place = end + 2 + length
    return bodies


def replay(binary: str, bodies: list[bytes]) -> str | None:
    """Sends messages to a new server, each after the answer of the one before; the fault they show, if any."""
    connection = Connection(binary, "headers")
    try:
        connection.initialize([str(REPOSITORY / "fixtures")])
        wanted = []
        for body in bodies:
            connection.exchange(connection.frame(body))
            if (identifier := _identifier(body)) is not None:
                connection.read_until(identifier)
                wanted.append(identifier)
        connection.end_input()
        if any(connection.answers[identifier] != 1 for identifier in wanted):
            return "answered more than once"
        return None
    except Fault as fault:
        return str(fault)
    finally:
        connection.close()


def _identifier(body: bytes) -> Any:
    try:
        message = json.loads(body)
    except ValueError:
        return None
    return message.get("id") if isinstance(message, dict) and "method" in message else None


def shrunk(bodies: list[bytes], shows: Callable[[list[bytes]], bool]) -> list[bytes]:
    """Leaves out ever smaller parts for as long as the fault shows (Zeller and Hildebrandt 2002)."""
    size = len(bodies) // 2
    while size:
        place = 0
        while place < len(bodies):
            fewer = bodies[:place] + bodies[place + size:]
            if shows(fewer):
                bodies = fewer
            else:
                place += size
        size //= 2
    return bodies


def main() -> int:
    binary = os.environ.get("TRIMTAB_BINARY") or str(REPOSITORY / ".build" / "release" / "trimtab")
    bodies = kept(Path(sys.argv[1]))
    fault = replay(binary, bodies)
    if fault is None:
        print("these messages alone show no fault", file=sys.stderr)
        return 1
    print(fault, file=sys.stderr)
    for body in shrunk(bodies, lambda fewer: (replay(binary, fewer) or "")[:24] == fault[:24]):
        sys.stdout.buffer.write(body + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
