"""Between Python values and wire values."""

from __future__ import annotations

import dataclasses
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Optional, get_args, get_origin, get_type_hints

from ..rows import Rows

_ACRONYMS = {"csv": "CSV"}


@cache
def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(_ACRONYMS.get(word, word.capitalize()) for word in tail)


def named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Wire fields from Python ones; those that are None are left out."""
    return {camel(name): value for name, value in fields.items() if value is not None}


def to_wire(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {name: to_wire(field) for name, field in named(vars(value)).items()}
    return [to_wire(one) for one in value] if isinstance(value, (list, tuple)) else value


def deeply(value: Any) -> Any:
    """Wire form of dataclasses, lists and mappings inside one another; keys may be Python names or wire names."""
    if dataclasses.is_dataclass(value):
        value = vars(value)
    if isinstance(value, Mapping):
        return {camel(name): deeply(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [deeply(inner) for inner in value]
    return value


def in_base64(array: Any) -> tuple[str, Any, list[int], None]:
    """Bytes, element type and shape of an array of NumPy, little-endian and row by row as the server reads it."""
    little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return b64encode(little.tobytes()).decode(), array.dtype.name, list(array.shape), None


@cache
def reader(kind: Any) -> Optional[Callable[[Any], Any]]:
    """A function from a wire value to `kind`, or None where the wire value already is one."""
    if getattr(kind, "AS_SENT", False):
        return lambda wire: kind(wire)
    if dataclasses.is_dataclass(kind):
        return _object_reader(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (tuple, Rows):
        each = reader(arguments[0])
        return tuple if each is None else lambda values: Rows([each(value) for value in values])
    if type(None) in arguments:
        read = reader(arguments[0])
        return None if read is None else lambda value: None if value is None else read(value)
    return None


def _object_reader(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    steps = []
    for field in dataclasses.fields(kind):
        optional = field.default is not dataclasses.MISSING or type(None) in get_args(hints[field.name])
        default = None if field.default is dataclasses.MISSING else field.default
        steps.append((field.name, camel(field.name), reader(hints[field.name]), optional, default))

    def read(wire: Mapping[str, Any]) -> Any:
        # The constructor of a frozen dataclass sets each field by object.__setattr__, which takes twice as long.
        one = object.__new__(kind)
        fields = one.__dict__
        for name, wire_name, step, optional, default in steps:
            value = wire.get(wire_name, default) if optional else wire[wire_name]
            fields[name] = value if step is None else step(value)
        return one

    return read
