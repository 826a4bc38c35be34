"""Lists of answers as tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas

T = TypeVar("T")


class Rows(tuple[T, ...]):
    """A list of an answer: a tuple that can become a table.

        frame = session.ranking().ranking.to_frame()
        frame[["candidate.encoder", "predicted_score"]]
    """

    def to_frame(self) -> pandas.DataFrame:
        """A pandas data frame with a row for each element; needs pandas, as `pip install 'trimtab[notebook]'` does."""
        return to_frame(self)


def to_frame(rows: Iterable[Any]) -> pandas.DataFrame:
    """A pandas data frame of answers: objects inside them become columns such as `candidate.encoder`, lists stay."""
    import pandas

    return pandas.DataFrame([columns(row) for row in rows])


def columns(row: Any, prefix: str = "") -> dict[str, Any]:
    """The columns of one answer by name."""
    if dataclasses.is_dataclass(row):
        fields: Mapping[str, Any] = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    elif isinstance(row, Mapping):
        fields = row
    else:
        return {prefix or "value": row}
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        flat.update(columns(value, f"{prefix}.{name}" if prefix else name))
    return flat
