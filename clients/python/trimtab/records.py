"""Records that a launcher leaves in its state directory for the one that goes on after it: small JSON objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import TrimtabError


class UnreadableRecord(TrimtabError):
    """A file of a launcher's state directory is not what a launcher writes."""


def read_record(path: Path, fields: Mapping[str, tuple[type, ...]], remedy: str) -> dict[str, Any]:
    """The fields of a record, each of one of its types (`type(None)` for null).

    Raises UnreadableRecord that names the file, what was expected and found, and says `remedy`. The file stays as it
    is: it may be the only trace of a process that still runs.
    """
    expected = f"{path}: expected a JSON object with {', '.join(fields)}"
    try:
        text = path.read_text(encoding="utf-8")
        record = json.loads(text)
    except (OSError, ValueError) as error:
        raise UnreadableRecord(f"{expected}, found {error}; {remedy}") from None
    if not isinstance(record, dict):
        raise UnreadableRecord(f"{expected}, found {text[:80]!r}; {remedy}")
    for name, types in fields.items():
        if type(record.get(name)) not in types:
            expected = " or ".join("null" if one is type(None) else one.__name__ for one in types)
            raise UnreadableRecord(
                f"{path}: expected {name} as {expected}, found {str(record.get(name, 'nothing'))[:80]!r}; {remedy}")
    return record
