"""What figures and widgets draw, out of the answers; knows no drawing library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Optional, TypeVar, Union

from ..answers import (
    Candidate,
    CurvePlan,
    PlanEvaluation,
    Point,
    Prediction,
    Ranking,
    RankTimeline,
    SuggestionReport,
    Timeline,
)

T = TypeVar("T")
Laid = Union[Timeline, PlanEvaluation]


def thinned(points: Sequence[T], count: int, x: Any) -> list[T]:
    """At most `count` of the points, the first and the last among them, about evenly spaced along `x`."""
    if len(points) <= count:
        return list(points)
    ordered = sorted(points, key=x)
    low, high = x(ordered[0]), x(ordered[-1])
    step = (high - low) / (count - 1)
    chosen, wanted = [], low
    for point in ordered[:-1]:
        if x(point) >= wanted:
            chosen.append(point)
            wanted = x(point) + step
    # The last replaces the one before it where both would stand closer than a step.
    if len(chosen) >= count:
        chosen = chosen[:count - 1]
    return [*chosen, ordered[-1]]


def thinned_plans(plans: Sequence[CurvePlan], count: int = 40) -> list[CurvePlan]:
    return thinned(plans, count, lambda plan: plan.iteration_time_seconds)


def thinned_bound(bound: Sequence[Point], count: int = 600) -> list[Point]:
    return thinned(bound, count, lambda point: point.iteration_time_seconds)


def ranks(laid: Laid) -> tuple[RankTimeline, ...]:
    """The ranks of a timeline, or of a plan evaluated with `timeline=True`."""
    if laid.ranks is None:
        raise ValueError("the evaluated plan has no timeline: call session.evaluate(..., timeline=True)")
    return laid.ranks


def clock(frequency: Any) -> Optional[float]:
    """A setting as a number, for a scale of colours; None where it is none."""
    return float(frequency) if isinstance(frequency, (int, float)) and not isinstance(frequency, bool) else None


def clock_range(plans: Iterable[Laid]) -> tuple[float, float]:
    """The least and the greatest clock of all instructions; (0, 1) where no setting is a number."""
    clocks = [value for laid in plans for rank in ranks(laid) for step in rank.instructions
              if (value := clock(step.frequency)) is not None]
    return (min(clocks), max(clocks)) if clocks else (0.0, 1.0)


@dataclass(frozen=True)
class LearningCurve:
    """What a search has seen of a candidate, and what it expects: `interval` holds the score on all data with
    probability 0.9; `closure` says why the search has ended it."""

    name: str
    fractions: tuple[float, ...]
    scores: tuple[float, ...]
    predicted: Optional[float]
    interval: Optional[tuple[float, float]]
    closure: Optional[str]


def learning_curves(report: SuggestionReport, ranking: Ranking) -> list[LearningCurve]:
    """The candidates that were trained, the likeliest best first."""
    predictions: dict[Candidate, Prediction] = {one.candidate: one for one in ranking.ranking}
    curves = []
    for seen in report.evidence:
        one = predictions.get(seen.candidate)
        interval = None if one is None or one.score_interval is None else (one.score_interval[0], one.score_interval[1])
        observations = sorted(seen.observations, key=lambda each: each.data_fraction)
        curves.append(LearningCurve(
            seen.candidate.name, tuple(each.data_fraction for each in observations),
            tuple(each.score for each in observations), None if one is None else one.predicted_score, interval,
            None if one is None else one.closure))
    order = {one.candidate.name: place for place, one in enumerate(ranking.ranking)}
    return sorted(curves, key=lambda curve: order.get(curve.name, len(order)))
