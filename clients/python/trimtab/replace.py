"""Files that are there as a whole or not at all, also after a loss of power."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, text: str, durable: bool = True) -> None:
    """Replaces a file by one with this text, which is on disk with its name when this returns. One writer at a time:
    the partial file's name follows from the path. Without `durable` it outlives this process, but a loss of power may
    leave an empty file."""
    partial = path.with_name(f".{path.name}.new")
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    partial.replace(path)
    if not durable:
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the name: a file that is on disk without it is not found
    finally:
        os.close(folder)
