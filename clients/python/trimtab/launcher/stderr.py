"""Lines for the person who runs a search, beside its table."""

from __future__ import annotations

import contextlib
import sys


def say(line: str) -> None:
    """A line on stderr where there is one and somebody reads it: a search goes on without."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            print(line, file=sys.stderr)
