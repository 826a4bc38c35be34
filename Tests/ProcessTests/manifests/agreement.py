"""Holds the trees of `trimtab check --syntax` against Python's readers of TOML and JSON."""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomllib

from .documents import document

EACH = 2000  # documents of one process
FORMS = {"toml": ".toml", "json": ".json"}


class Refused(Exception):
    """What a reader does not accept."""


def read(data: bytes, language: str) -> Any:
    """The value of a document by Python's reader, with the rules of a manifest: 64 bits, names once, finite JSON."""
    try:
        text = data.decode()
        if language == "toml":
            value = tomllib.loads(text)
        else:
            value = json.loads(text, object_pairs_hook=_once, parse_constant=_constant, parse_int=_integer)
            if not isinstance(value, dict):
                raise Refused("no object")
    except (ValueError, RecursionError) as error:
        raise Refused(str(error)) from error
    _check(value, language)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise Refused("a name twice")
    return dict(pairs)


def _integer(text: str) -> int | float:
    return int(text) if -2**63 <= int(text) < 2**63 else float(text)


def _constant(name: str) -> Any:
    raise Refused(name)


def _check(value: Any, language: str) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _check(name, language)
            _check(inner, language)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, language)
    elif isinstance(value, str):
        if any(0xD800 <= ord(character) < 0xE000 for character in value):
            raise Refused("half a surrogate pair")
    elif isinstance(value, int) and not isinstance(value, bool) and language == "toml":
        if not -2**63 <= value < 2**63:
            raise Refused("an integer of more than 64 bits")
    elif isinstance(value, float) and language == "json" and not math.isfinite(value):
        raise Refused("no finite number")


def differs(node: dict[str, Any], expected: Any) -> str | None:
    """Where a tagged value is not what Python read."""
    kind, value = node["type"], node["value"]
    if kind == "table":
        return _table_differs(value, expected)
    if kind == "list":
        if not isinstance(expected, list) or len(expected) != len(value):
            return f"a list of {len(value)}, expected {expected!r}"
        return next((found for one, other in zip(value, expected)
                     if (found := differs(one, other)) is not None), None)
    return None if _same(plain(node), expected) else f"{kind} {value!r}, expected {expected!r}"


def _table_differs(table: dict[str, Any], expected: Any) -> str | None:
    if not isinstance(expected, dict) or list(table) != list(expected):
        return f"a table of {list(table)}, expected {expected!r}"
    for name, inner in table.items():
        found = differs(inner, expected[name])
        if found is not None:
            return f"{name!r}: {found}"
    return None


def _same(value: Any, expected: Any) -> bool:
    if isinstance(expected, float) and isinstance(value, float):
        return repr(value) == repr(expected)  # a NaN is no NaN's equal, and zeros have signs
    return type(value) is type(expected) and value == expected


def plain(node: dict[str, Any]) -> Any:
    """A tagged value as Python has it."""
    kind, value = node["type"], node["value"]
    if kind == "integer":
        return int(value)
    if kind == "float":
        return float(value)
    if kind == "dateTime":
        return tomllib.loads(f"x = {value}")["x"]
    if kind == "list":
        return [plain(inner) for inner in value]
    if kind == "table":
        return {name: plain(inner) for name, inner in value.items()}
    if kind == "missing":
        raise Refused("a value is missing")
    return value


def misplaced(data: bytes, name: str, node: dict[str, Any], language: str) -> Iterator[str]:
    """Values whose slice of the text, read again, is another value, and keys whose slice is another key."""
    start, end = node["range"]
    piece = data[start:end]
    for range_ in node.get("keys", ()):
        key = data[slice(*range_)].decode()
        again = json.loads(key) if language == "json" else next(iter(tomllib.loads(f"{key} = 0")))
        if again != name:
            yield f"key {name!r} at {range_}: {key!r}"
    if not _reads_as(piece.decode(), name, node, language):
        yield f"{name!r} at {node['range']}: {piece!r}"
    inner = node["value"]
    if node["type"] == "table":
        for key, value in inner.items():
            yield from misplaced(data, key, value, language)
    elif node["type"] == "list":
        for value in inner:
            yield from misplaced(data, name, value, language)


def _reads_as(piece: str, name: str, node: dict[str, Any], language: str) -> bool:
    value = plain(node)
    if language == "json":
        return repr(json.loads(piece, parse_int=_integer)) == repr(value)
    with suppress(tomllib.TOMLDecodeError):
        if repr(tomllib.loads(f"x = {piece}")["x"]) == repr(value):
            return True
    if not piece.startswith("["):
        return _is_part(tomllib.loads(piece), value)  # the rest of the first dotted key, with its value
    again: Any = tomllib.loads(piece)
    # The header of the table, of one inside it, or of an element of a list.
    while again:
        if name in again:
            return isinstance(value, (dict, list))
        again = next(iter(again.values()))
        again = again[-1] if isinstance(again, list) else again
    return False


def _is_part(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and _is_part(inner, whole[name]) for name, inner in part.items())
    return repr(part) == repr(whole)


@dataclass
class Agreement:
    """What comparing the documents showed."""

    documents: int = 0
    accepted: int = 0
    placed: int = 0
    faults: list[str] = field(default_factory=list)


def compare(binary: str, seeds: range, language: str, *, place_each: int = 10) -> Agreement:
    """Compares the documents of these seeds, and the places of values in one of `place_each` that is valid."""
    result = Agreement()
    for first in range(seeds.start, seeds.stop, EACH):
        batch = range(first, min(first + EACH, seeds.stop))
        documents = [document(seed, language) for seed in batch]
        for seed, data, tree in zip(batch, documents, trees(binary, documents, language)):
            _compare_one(result, f"{language} {seed}", data, tree, language, seed % place_each == 0)
    return result


def trees(binary: str, documents: list[bytes], language: str) -> list[dict[str, Any]]:
    """The tagged trees of documents, by one process."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{index}{FORMS[language]}" for index in range(len(documents))]
        for path, data in zip(paths, documents):
            path.write_bytes(data)
        done = subprocess.run([binary, "check", "--syntax", *map(str, paths)], capture_output=True, check=False,
                              timeout=600)
    lines = done.stdout.splitlines()
    assert len(lines) == len(documents), (done.returncode, done.stderr[-2000:])
    return [json.loads(line) for line in lines]


def _compare_one(
    result: Agreement, name: str, data: bytes, tree: dict[str, Any], language: str, is_placed: bool
) -> None:
    result.documents += 1
    try:
        expected = read(data, language)
    except Refused as refusal:
        if not tree["errors"]:
            result.faults.append(f"{name}: accepted, but Python: {refusal}; {data!r}")
        return
    if tree["errors"]:
        result.faults.append(f"{name}: refused: {tree['errors'][0]}; {data!r}")
        return
    result.accepted += 1
    found = _table_differs(tree["root"], expected)
    if found is not None:
        result.faults.append(f"{name}: {found}; {data!r}")
    elif is_placed:
        result.placed += 1
        for key, value in tree["root"].items():
            result.faults += [f"{name}: {fault}; {data!r}" for fault in misplaced(data, key, value, language)]
