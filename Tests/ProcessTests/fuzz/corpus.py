"""What the fuzzer starts from: the recorded transcripts, which reach every method, and the declared shape of params."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
# The handshake and the end belong to the connection, which the fuzzer opens and closes itself.
_CONNECTION = ("initialize", "initialized", "shutdown", "exit")


@dataclass(frozen=True)
class Field:
    """A param as model.json declares it."""

    name: str
    required: bool
    expects: str
    fields: tuple[Field, ...]

    @staticmethod
    def of(wire: dict[str, Any]) -> Field:
        inner = tuple(map(Field.of, wire.get("fields", ())))
        return Field(wire["name"], wire["required"], wire["expects"], inner)


@dataclass(frozen=True)
class Message:
    """A request or notification of a transcript."""

    method: str
    params: Any
    is_request: bool


@dataclass
class Corpus:
    """Transcripts by name, params by method, and the values that fields of each name have somewhere."""

    transcripts: dict[str, list[Message]] = field(default_factory=dict)
    params: dict[str, tuple[Field, ...]] = field(default_factory=dict)
    long_methods: set[str] = field(default_factory=set)
    values: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    @staticmethod
    def load(repository: Path = REPOSITORY) -> Corpus:
        corpus = Corpus()
        model = json.loads((repository / "protocol-spec" / "model.json").read_text())
        for method in model["methods"]:
            if method["method"] not in _CONNECTION:
                corpus.params[method["method"]] = tuple(map(Field.of, method["params"]))
                if method["long"]:
                    corpus.long_methods.add(method["method"])
        for path in sorted((repository / "fixtures" / "transcripts").glob("*.transcript")):
            messages = list(_messages(path))
            corpus.transcripts[path.stem] = messages
            for message in messages:
                corpus._harvest(message.params)
        return corpus

    def _harvest(self, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                known = self.values[name]
                if isinstance(inner, (str, int, float)) and len(known) < 64 and inner not in known:
                    known.append(inner)
                self._harvest(inner)
        elif isinstance(value, list):
            for inner in value:
                self._harvest(inner)


def _messages(path: Path) -> Iterator[Message]:
    for line in path.read_text().splitlines():
        if not line.startswith("--> "):
            continue
        # A few lines of the transcripts are malformed on purpose; the fuzzer makes its own.
        try:
            wire = json.loads(line[4:])
            # Python reads more than JSON has: numbers beyond a double, and half of a surrogate pair.
            json.dumps(wire, ensure_ascii=False, allow_nan=False).encode()
        except ValueError:
            continue
        for one in wire if isinstance(wire, list) else [wire]:
            method = one.get("method") if isinstance(one, dict) else None
            if isinstance(method, str) and method not in _CONNECTION and isinstance(one.get("params", {}), dict):
                yield Message(method, one.get("params", {}), "id" in one)
