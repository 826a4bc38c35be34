"""How answers are shown: short in a console, as tables in a notebook. Standard library only, as every answer has it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from html import escape
from typing import Any

# More items of a list than these are counted and not shown: a frontier has thousands of corners.
SHOWN_IN_CONSOLE = 3
SHOWN_IN_TABLE = 12

_UNITS = {"seconds": "s", "joules": "J", "watts": "W", "bytes": "B"}
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"))


class Answer:
    """What every answer has: a line in a console, a table in a notebook. Answers are `dataclass(repr=False)`."""

    def __repr__(self) -> str:
        return short(self)

    def _repr_html_(self) -> str:
        return html(self)


def short(answer: Any) -> str:
    """One line: the fields that hold something, long lists cut."""
    fields = (f"{name}={_short(value)}" for name, value in _fields(answer))
    return f"{type(answer).__name__}({', '.join(fields)})"


def html(answer: Any) -> str:
    """A table of the answer's fields, below it one for each list of objects; a picture where the answer has one."""
    scalars: list[tuple[str, str]] = []
    tables: list[str] = []
    picture = getattr(answer, "svg", None)
    for name, value in _fields(answer):
        if name == "svg":
            continue
        if _is_list_of_objects(value):
            tables.append(table(name.replace("_", " "), value))
        else:
            label, text = quantity(name, value)
            scalars.append((label, text))
    rows = "".join(f"<tr><th style='text-align:left'>{escape(label)}</th><td style='text-align:left'>{escape(text)}"
                   "</td></tr>" for label, text in scalars)
    head = f"<table><caption style='text-align:left'><b>{type(answer).__name__}</b></caption>{rows}</table>"
    return "<div>" + (picture or "") + head + "".join(tables) + "</div>"


def table(caption: str, items: Sequence[Any]) -> str:
    """An HTML table with a row for each object; rows beyond the first few are counted."""
    shown = list(items[:SHOWN_IN_TABLE])
    names = [field.name for field in dataclasses.fields(shown[0])
             if any(not _is_empty(getattr(one, field.name, None)) for one in shown)] if shown else []
    head = "".join(f"<th>{escape(quantity(name, None)[0])}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(_cell(name, getattr(one, name, None)))}</td>" for name in names)
                   + "</tr>" for one in shown)
    rest = len(items) - len(shown)
    more = f"<tr><td colspan='{max(1, len(names))}'>and {rest:,} more</td></tr>" if rest > 0 else ""
    return (f"<table><caption style='text-align:left'><b>{escape(caption)}</b> ({len(items):,})</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}{more}</tbody></table>")


def quantity(name: str, value: Any) -> tuple[str, str]:
    """A field's label and its value with the unit that its name ends with."""
    words = name.split("_")
    if words[-1] in _UNITS and len(words) > 1:
        label, unit = " ".join(words[:-1]), _UNITS[words[-1]]
        return label, with_unit(value, unit) if isinstance(value, (int, float)) else _text(value)
    if words[-1] == "fraction" and len(words) > 1:
        return " ".join(words[:-1]), percent(value) if isinstance(value, (int, float)) else _text(value)
    return " ".join(words), _text(value)


def with_unit(value: float, unit: str) -> str:
    """Four digits with a prefix: 12 340 J is 12.34 kJ. Seconds from one up keep their unit."""
    if value == 0 or not math.isfinite(value):
        return f"{value + 0.0:g} {unit}"
    if unit == "s" and abs(value) >= 1:
        return f"{value:.5g} s"
    factor, prefix = next(((factor, prefix) for factor, prefix in _PREFIXES if abs(value) >= factor), _PREFIXES[-1])
    return f"{value / factor:.4g} {prefix}{unit}"


def percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def _fields(answer: Any) -> list[tuple[str, Any]]:
    fields = [(field.name, getattr(answer, field.name, None)) for field in dataclasses.fields(answer)]
    return [(name, value) for name, value in fields if not _is_empty(value)]


def _is_empty(value: Any) -> bool:
    return value is None or value == ()


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and dataclasses.is_dataclass(value[0])


def _short(value: Any) -> str:
    if isinstance(value, (tuple, list)) and len(value) > SHOWN_IN_CONSOLE:
        return f"<{len(value):,} items>"
    if isinstance(value, str) and len(value) > 100:
        return f"<{len(value):,} characters>"
    return repr(value)


def _cell(name: str, value: Any) -> str:
    if _is_list_of_objects(value):
        return f"{len(value):,}"
    return "" if _is_empty(value) else quantity(name, value)[1]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.5g}"
    if dataclasses.is_dataclass(value):
        parts = [quantity(name, inner) for name, inner in _fields(value)]
        if all(isinstance(inner, str) for _, inner in _fields(value)):
            return " + ".join(text for _, text in parts)  # a candidate is its parts
        return ", ".join(f"{label} {text}" for label, text in parts)
    if isinstance(value, (tuple, list)):
        if len(value) == 2 and all(isinstance(one, float) for one in value):
            return f"{value[0]:.4g} to {value[1]:.4g}"
        shown = ", ".join(map(_text, value[:SHOWN_IN_CONSOLE]))
        rest = len(value) - SHOWN_IN_CONSOLE
        return shown + (f" and {rest:,} more" if rest > 0 else "")
    return str(value) if not isinstance(value, str) or len(value) <= 200 else f"{value[:200]} …"
