"""What a trial is scored by: one number, or a number for each metric of its task."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import SupportsFloat, Union

# A number, or where the task has several metrics a number for each name.
Score = Union[SupportsFloat, Mapping[str, SupportsFloat]]


def number(score: SupportsFloat) -> float:
    return score if isinstance(score, (int, float)) else float(score)


def spelled(score: SupportsFloat) -> Union[float, str]:
    """JSON has no numbers that are not finite; the protocol has words for them."""
    value = number(score)
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def text(score: Score) -> str:
    """For a person: `0.61`, or `accuracy 0.61, latency 0.2`."""
    if isinstance(score, Mapping):
        return ", ".join(f"{name} {float(one):.4g}" for name, one in score.items())
    return f"{float(score):.4g}"
