"""The options of a launcher beside the pool, and how pools are written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Union

from ..answers import Metric, ModelPart, SelectionTask, TaskMetric
from ..answers.wire import deeply


@dataclass(frozen=True)
class Limits:
    """How long a launcher waits, in seconds; None is for ever.

    `trial`: the longest that a trial may run. `report`: the longest between two reports, or from `trimtab.trial()` to
    the first, after which it counts as lost.
    `grace`: what a trial has to save and end after a decision, and after SIGTERM when it is ended otherwise, before
    SIGKILL. `lease`: as `search.leaseSeconds`, for launchers that share a state directory.
    """

    trial: Union[float, None] = None
    report: Union[float, None] = None
    grace: float = 60.0
    lease: Union[float, None] = None

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if value is None and one.name != "grace":
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"limits: expected {one.name} in seconds, found {value!r}")
            if not (value > 0 or (value == 0 and one.name == "grace")):
                raise ValueError(f"limits: expected {one.name} to be more than 0 s, found {value!r}")


def known_fields(given: Mapping[str, Any], known: Any, place: str) -> None:
    """Refuses a field that does not exist, and names the nearest that does."""
    names = [field.name for field in fields(known)] if isinstance(known, type) else list(known)
    for name in given:
        if name not in names:
            nearest = get_close_matches(name, names, 1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else f"; it has {', '.join(names)}"
            raise ValueError(f"{place} has no field {name!r}{hint}")


def limits(given: Mapping[str, Any]) -> Limits:
    known_fields(given, Limits, "limits")
    return Limits(**given)


POOL_FIELDS = ("encoders", "projectors", "language_models", "task", "constraints", "search")


def pool_params(pool: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `submit_pool` from a mapping, in which a part may be a name, a mapping or a `ModelPart`, and the
    task a mapping: `{"encoders": ["clip"], "language_models": ["qwen"], "task": {"name": "vqa", "metric": {...}}}`."""
    if not isinstance(pool, Mapping):
        raise TypeError(f"pool: expected a mapping with {', '.join(POOL_FIELDS)}, found {pool!r}")
    known_fields(pool, POOL_FIELDS, "the pool")
    params = dict(pool)
    for kind in ("encoders", "projectors", "language_models"):
        given = params.get(kind) or ()
        if isinstance(given, (str, bytes, Mapping)):  # whose letters or keys would be taken for models
            raise TypeError(f"{kind}: expected a list of models, found {given!r}")
        params[kind] = [_part(one, kind) for one in given]
    task = params.get("task")
    if isinstance(task, Mapping):
        known_fields(task, SelectionTask, "the task")
        metrics = task.get("metrics")
        params["task"] = SelectionTask(**{
            **task, "metric": _metric(task.get("metric"), Metric),
            "metrics": None if metrics is None else tuple(_metric(one, TaskMetric) for one in metrics)})
    search = params.get("search") or {}
    if not isinstance(search, Mapping):
        raise TypeError(f"search: expected a mapping of settings, found {search!r}")
    params["search"] = deeply(search)
    return params


def _metric(one: Any, kind: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    known_fields(one, kind, "the task's metric")
    return kind(**{**one, **({"range": tuple(one["range"])} if "range" in one else {})})


def _part(one: Any, kind: str) -> ModelPart:
    if isinstance(one, str):
        return ModelPart(one)
    if isinstance(one, Mapping):
        known_fields(one, ModelPart, f"a part of {kind}")
        return ModelPart(**one)
    if isinstance(one, ModelPart):
        return one
    raise TypeError(f"a part of {kind} is a name, a mapping or a ModelPart, not {one!r}")
