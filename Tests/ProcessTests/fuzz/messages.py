"""Mutated messages, and what JSON-RPC says of each: which ids must be answered once, and how often null may be."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .corpus import Corpus, Message
from .values import NUMBERS, STRINGS, nested

# Integers beyond these are no ids: the server may refuse them.
_ID_LIMIT = 2**63
# Deeper nesting may be refused.
_DEPTH_LIMIT = 128


@dataclass
class Expected:
    """What must come back: `ids` exactly once, `perhaps` at most once, and null `least_nulls` to `most_nulls` times."""

    ids: set[Any] = field(default_factory=set)
    perhaps: set[Any] = field(default_factory=set)
    least_nulls: int = 0
    most_nulls: int = 0

    def add(self, body: bytes) -> None:
        """Adds what one message asks for. JSON that Python reads and RFC 8259 does not know counts as doubtful."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return self._null(certain=True)
        if not text.strip(" \t\n\v\f\r"):
            # An empty body is no JSON; an empty line is no message.
            return self._null(certain=False)
        try:
            doubts: list[str] = []
            value = json.loads(text, parse_constant=doubts.append, object_pairs_hook=_first_of_duplicates)
        except (ValueError, RecursionError):
            # A byte order mark before a message may be skipped.
            return self._null(certain=not text.startswith("\ufeff"))
        doubtful = bool(doubts) or _is_doubtful(text, value)
        if isinstance(value, list) and value:
            if doubtful:
                self.most_nulls += 1
            for one in value:
                self._message(one, doubtful or len(value) > 1000)
        else:
            self._message(value, doubtful)
        return None

    def _message(self, value: Any, doubtful: bool) -> None:
        # A whole number written as 3.0 may be read as an id.
        if doubtful or (isinstance(value, dict) and isinstance(value.get("id"), float)):
            self.most_nulls += 1
            if isinstance(value, dict) and isinstance(value.get("id"), (int, float, str)) and _is_text(value["id"]):
                self.perhaps.add(value["id"])
            return None
        if not isinstance(value, dict):
            return self._null(certain=True)
        identifier, method = value.get("id"), value.get("method")
        readable = _is_id(identifier)
        if "method" not in value and ("result" in value or "error" in value) and "id" in value:
            return None  # an answer to a request of the server
        is_request = isinstance(method, str) and value.get("jsonrpc") == "2.0"
        is_request = is_request and isinstance(value.get("params"), (dict, list, type(None)))
        if is_request and "id" not in value:
            return None  # a notification
        if readable and identifier is not None:
            # Ids are made once, so that a second request of the same id is one that a mutation has copied.
            (self.perhaps if identifier in self.ids else self.ids).add(identifier)
        else:
            self._null(certain=identifier is None or not is_request)
        return None

    def _null(self, certain: bool) -> None:
        self.least_nulls += certain
        self.most_nulls += 1


def _is_id(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, str, type(None))):
        return False
    return not isinstance(value, int) or -_ID_LIMIT <= value < _ID_LIMIT


def _is_text(value: Any) -> bool:
    return not isinstance(value, str) or value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)


def _first_of_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        members.setdefault(name, value)
    return members


def _is_doubtful(text: str, value: Any) -> bool:
    too_deep = text.count("[") + text.count("{") > _DEPTH_LIMIT
    return too_deep or "\\u" in text or ("e" in text and _has_infinity(value))


def _has_infinity(value: Any) -> bool:
    if isinstance(value, float):
        return value in (float("inf"), float("-inf"))
    if isinstance(value, dict):
        return any(map(_has_infinity, value.values()))
    return isinstance(value, list) and any(map(_has_infinity, value))


def messages_of_line(line: bytes) -> list[bytes]:
    """The messages in a line: a list or object ends at its closing bracket, anything else at the end of the line."""
    found = []
    while line := line.lstrip(b" \t\n\v\f\r"):
        end = _closing(line) if line[:1] in (b"{", b"[") else len(line)
        found.append(line[:end])
        line = line[end:]
    return found


def _closing(text: bytes) -> int:
    depth = 0
    for match in re.finditer(rb'"(?:\\.|[^"\\])*(?:"|\\?$)|[\[{]|[\]}]', text, re.DOTALL):
        if match[0][0] in b"[{":
            depth += 1
        elif match[0][0] in b"]}":
            depth -= 1
            if depth == 0:
                return match.end()
    return len(text)


_TOKENS = [b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\0", b"\x1f", b"\xff", b"\xc0\x80", b"\xed\xa0\x80",
           b"\xef\xbb\xbf", b"\\ud800", b"\\u0000", b"1e999", b"-", b"NaN", b"Infinity", b"null", b"true", b"0x1",
           b"00", b"1.", b".5", b"1e", b"//", b" " * 300, b"\t", b"\r", b"9" * 40, b'"id":1,', b'"method":"x",',
           b'"jsonrpc":"1.0",', b"[" * 200, b'{"a":' * 200, "\u0301".encode() * 200]
_IDS: list[Any] = [None, 1.5, True, [], {}, "", "é", "e\u0301", 2**63, -(2**63), 2**64, 10**30, 1e3, "x" * 5000]


class MessageFuzzer:
    """Messages that are damaged as bytes or as JSON."""

    def __init__(self, corpus: Corpus) -> None:
        self._messages = [message for messages in corpus.transcripts.values() for message in messages]
        # Of the long ones only their beginning would be reached by random changes.
        self._messages = [message for message in self._messages if len(json.dumps(message.params)) < 2000]

    def body(self, random: Random, identifier: Any) -> bytes:
        """One damaged message, or one in eight times a whole one."""
        draw = random.random()
        if draw < 0.3:
            return encoded(self._envelope(random, identifier))
        if draw < 0.4:
            return self._batch(random, identifier)
        body = encoded(self._request(random.choice(self._messages), identifier))
        return body if draw < 0.5 else damaged(random, body)

    def _request(self, message: Message, identifier: Any) -> dict[str, Any]:
        wire: dict[str, Any] = {"jsonrpc": "2.0", "method": message.method, "params": message.params}
        return {**wire, "id": identifier} if message.is_request else wire

    def _envelope(self, random: Random, identifier: Any) -> Any:
        wire: Any = {**self._request(random.choice(self._messages), identifier), "id": identifier}
        for _ in range(random.choice((1, 1, 2))):
            draw = random.randrange(9)
            if draw == 0:
                wire["id"] = random.choice(_IDS)
            elif draw == 1:
                wire["method"] = random.choice((None, 1, "", "$/", "$/cancelRequest", "rpc.discover", *STRINGS))
            elif draw == 2:
                wire["params"] = random.choice((None, [], {}, [None], [{}], 1, "x", [wire["params"]], True))
            elif draw == 3:
                wire["jsonrpc"] = random.choice(("1.0", 2.0, None, "2", ""))
            elif draw == 4:
                wire.pop(random.choice(list(wire)))
                wire.setdefault("params", {})
            elif draw == 5:
                wire[random.choice(STRINGS)] = random.choice(NUMBERS)
            elif draw == 6:
                wire["params"] = nested(random.choice((3, 60, 125, 126, 127, 128, 129, 400)), random.random() < 0.5)
            elif draw == 7:
                wire["result" if random.random() < 0.5 else "error"] = {}
            else:
                wire = dict(sorted(wire.items(), key=lambda _: random.random()))
        return random.choice((wire, wire, wire, wire["params"], [wire["params"]]))

    def _batch(self, random: Random, identifier: Any) -> bytes:
        count = random.choice((0, 1, 2, 5, 5, 5, 40, 1000))
        parts: list[Any] = []
        for n in range(min(count, 6)):
            parts.append(self._request(random.choice(self._messages), f"{identifier}/{n}"))
        while len(parts) < count:
            parts.append(random.choice((0, [], {}, None, {"jsonrpc": "2.0", "method": "none"})))
        body = encoded(parts)
        return damaged(random, body) if random.random() < 0.3 else body


def encoded(wire: Any) -> bytes:
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()


def damaged(random: Random, body: bytes) -> bytes:
    """One to four changes of bytes."""
    data = bytearray(body)
    for _ in range(random.choice((1, 1, 2, 4))):
        place = random.randrange(len(data) + 1)
        end = min(len(data), place + random.choice((0, 1, 1, 2, 8, 40)))
        draw = random.randrange(6)
        if draw == 0:
            del data[place:end]
        elif draw == 1:
            target = random.randrange(len(data) + 1)
            data[target:target] = data[place:end]
        elif draw == 2:
            data[place:end] = random.choice(_TOKENS)
        elif draw == 3:
            data[place:end] = str(random.choice(NUMBERS)).encode()
        elif draw == 4 and data:
            data[min(place, len(data) - 1)] ^= 1 << random.randrange(8)
        else:
            del data[place:]
    return bytes(data)
