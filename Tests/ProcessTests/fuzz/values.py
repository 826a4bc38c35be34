"""Extremes of a declared type: half of what is drawn is allowed, so that it gets past the first check."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from .corpus import Corpus, Field

NUMBERS = [0, -0.0, 1, -1, 5e-324, 1e-300, 1e-30, 1e-9, 0.1, 0.5, 1 - 2**-53, 1 + 2**-52, 1.5, 1e9, 1e15, 2**53 + 1,
           1e30, 1e300, 1e307, 1.7976931348623157e308, -1e308]
INTEGERS = [0, 1, 2, 3, -1, 7, 2**15, 2**16 - 1, 2**16, 2**31 - 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1,
            2**63, -(2**63), 10**25, 1.0, 1.5, 1e18, -0.0]
STRINGS = ["", " ", "a", "NaN", "Infinity", "null", "0", "1e999", "\0", "a\0b", "\n", '"', "\\", "é", "e\u0301",
           "\u0301" * 40, "\U0001f9ff", "\u202e", "\ufeff", "\uffff", "../../etc/passwd", "/dev/zero", "/proc/self/mem",
           "file:///", "a" * 256, "a" * 257, "é" * 256, "x" * 5000, "%s%n", "1f1b", "s", "p"]
_NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"
Draw = Callable[[Random, "Field"], Any]


class Values:
    """Draws values for fields; `corpus` gives names that mean something in the sessions at hand."""

    def __init__(self, corpus: Corpus) -> None:
        self._known = corpus.values

    def of(self, random: Random, field: Field) -> Any:
        """A value of the field's own type, within its range or just outside it."""
        known = self._known.get(field.name)
        if known and random.random() < 0.35:
            return random.choice(known)
        return self._shaped(random, field.expects, field)

    def allowed(self, random: Random, field: Field) -> Any:
        """An extreme that the field's declaration allows, so that it is refused late or never."""
        kind, low, high, inner = parsed(random.choice(_alternatives(field.expects)))
        if kind == "list" and inner.startswith(("a number", "an integer")):
            drawn = _allowed(*parsed(inner)[:3])
            return [random.choice(drawn) for _ in range(min(int(high), int(low) + random.choice((0, 1, 3, 7))))]
        drawn = _allowed(kind, low, high)
        return random.choice(drawn) if drawn else self.of(random, field)

    def object(self, random: Random, fields: tuple[Field, ...]) -> dict[str, Any]:
        """All required fields and some of the others."""
        return {field.name: self.of(random, field) for field in fields if field.required or random.random() < 0.25}

    def anything(self, random: Random) -> Any:
        """A value of any type."""
        choice = random.randrange(9)
        if choice == 0:
            return random.choice(NUMBERS)
        if choice == 1:
            return random.choice(INTEGERS)
        if choice == 2:
            return random.choice(STRINGS)
        if choice < 6:
            return random.choice([None, True, False])
        if choice == 6:
            return nested(random.choice([1, 2, 3, 100]), random.random() < 0.5)
        if choice == 7:
            return [self.anything(random) for _ in range(random.randrange(4))]
        return {random.choice(STRINGS): self.anything(random) for _ in range(random.randrange(3))}

    def _shaped(self, random: Random, expects: str, field: Field) -> Any:
        alternatives = _alternatives(expects)
        return self._one(random, random.choice(alternatives) if len(alternatives) > 1 else expects, field)

    def _one(self, random: Random, expects: str, field: Field) -> Any:
        kind, low, high, inner = parsed(expects)
        if kind == "integer":
            return _integer(random, int(low), int(high))
        if kind == "number":
            return _number(random, low, high)
        if kind == "string":
            return _string(random, int(low), int(high))
        if kind == "choice":
            return random.choice(inner.split("\0")) if random.random() < 0.9 else random.choice(STRINGS)
        if kind == "boolean":
            return random.random() < 0.5
        if kind == "object":
            return self.object(random, field.fields) if field.fields else {"name": self.anything(random)}
        if kind == "list":
            return [self._element(random, inner, field) for _ in range(_length(random, int(low), int(high)))]
        return self.anything(random)

    def _element(self, random: Random, inner: str, field: Field) -> Any:
        if inner == "objects":
            return self.object(random, field.fields)
        if inner == "numbers":
            return _number(random, -math.inf, math.inf)
        known = self._known.get(field.name)
        return random.choice(known) if known and random.random() < 0.5 else self._shaped(random, inner, field)


@cache
def _allowed(kind: str, low: float, high: float) -> list[Any]:
    if kind not in ("integer", "number"):
        return []
    drawn = [low, high, *(INTEGERS if kind == "integer" else NUMBERS)]
    drawn += [low + 1, high - 1] if kind == "integer" else [low * (1 + 2**-52), high * (1 - 2**-52), 1e-6, 1e6]
    # An integer is one that JSON writes without a fraction, or as 1.0.
    return [one for one in drawn if low <= one <= high and math.isfinite(one) and (kind == "number" or one == int(one))]


@cache
def parsed(expects: str) -> tuple[str, float, float, str]:
    """(kind, least, greatest, what each element is) of a declaration; the kind is empty where any value will do."""
    if match := re.match(rf"an integer in ({_NUMBER})\.\.\.({_NUMBER})", expects):
        return "integer", int(match[1]), int(match[2]), ""
    if match := re.match(rf"a number in ({_NUMBER})\.\.\.({_NUMBER})", expects):
        return "number", float(match[1]), float(match[2]), ""
    if expects.startswith("a number"):
        return "number", 5e-324 if "> 0" in expects else 0.0 if ">= 0" in expects else -math.inf, math.inf, ""
    if match := re.match(r"a string of (\d+)\.\.\.(\d+)", expects):
        return "string", int(match[1]), int(match[2]), ""
    if expects.startswith("a string"):
        return "string", 0, 1 << 16, ""
    if expects.startswith("one of "):
        return "choice", 0, 0, "\0".join(re.findall('"([^"]*)"', expects))
    if expects == "true or false":
        return "boolean", 0, 0, ""
    if expects == "an object":
        return "object", 0, 0, ""
    if match := re.match(r"a list of (?:(\d+)(?:\.\.\.(\d+))? )?(objects|numbers|values, each (.*))", expects):
        low = int(match[1] or 0)
        return "list", low, int(match[2] or match[1] or 1024), match[4] or match[3]
    return "", 0, 0, ""


@cache
def _alternatives(expects: str) -> tuple[str, ...]:
    if expects.startswith("one of ") or expects == "true or false":
        return (expects,)
    head, separator, tail = expects.partition(" or a list of ")
    return (head, "a list of " + tail) if separator else (expects,)


def nested(depth: int, in_lists: bool) -> Any:
    """A value of this depth."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if in_lists else {"a": value}
    return value


def _integer(random: Random, low: int, high: int) -> Any:
    draw = random.random()
    if draw < 0.45:  # small values are the ones that are accepted together
        return min(high, low + int(2 ** random.uniform(0, 5)) - 1)
    if draw < 0.6:
        return min(high, low + int(2 ** random.uniform(0, math.log2(high - low + 2))))
    return random.choice((low, high, low - 1, high + 1)) if draw < 0.8 else random.choice(INTEGERS)


def _number(random: Random, low: float, high: float) -> Any:
    if random.random() < 0.5:
        least, greatest = max(low, 1e-12) if low >= 0 else 1e-6, min(high, 1e12)
        value = math.exp(random.uniform(math.log(least), math.log(max(least, greatest))))
        return -value if low < 0 and random.random() < 0.3 else value
    if math.isfinite(high) and math.isfinite(low) and random.random() < 0.5:
        return random.choice((low, high, math.nextafter(low, -math.inf), math.nextafter(high, math.inf)))
    if random.random() < 0.05:
        return random.choice(("NaN", "Infinity", "-Infinity"))
    return random.choice(NUMBERS)


def _string(random: Random, low: int, high: int) -> str:
    draw = random.random()
    if draw < 0.05 and high <= 1 << 13:
        return random.choice("aé\u0301\U0001f9ff") * (high + random.randrange(2))
    if draw < 0.051:
        return random.choice("a\u0301,\n") * min(high, 1 << 20)
    return random.choice(STRINGS)


def _length(random: Random, low: int, high: int) -> int:
    draw = random.random()
    if draw < 0.9:
        return min(high, low + random.choice((0, 0, 1, 1, 2, 3)))
    return min(high + 1, random.choice((0, 8, 40, 257) if draw < 0.9995 else (4097, 70_000)))
