"""A frontier to explore: drag the deadline, and see the plan, its clocks and its power."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import anywidget
import traitlets

from ..answers import Curve, FrontierPoint, Timeline
from . import data

if TYPE_CHECKING:
    from ..blocking import Session

_STATIC = Path(__file__).parent / "static"


class FrontierExplorer(anywidget.AnyWidget):
    """The frontier of a pipeline, with a deadline that can be dragged; runs in Jupyter, VS Code and marimo.

        FrontierExplorer(session, "gpt", slowdown_fraction=0.05)

    `deadline` is the deadline in seconds, to read or to set; `point` and `plan` are the answers for it.
    """

    _esm = _STATIC / "explorer.js"
    _css = _STATIC / "widgets.css"

    deadline = traitlets.Float().tag(sync=True)
    _curve = traitlets.Dict().tag(sync=True)
    _chosen = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session, pipeline: str, *, slowdown_fraction: float = 0.05) -> None:
        curve = session.curve(pipeline)
        fastest = curve.lower_bound[0].iteration_time_seconds
        self._session, self._pipeline = session, pipeline
        self.point: Optional[FrontierPoint] = None
        self.plan: Optional[Timeline] = None
        deadline = fastest * (1 + slowdown_fraction)
        super().__init__(_curve=drawn_curve(pipeline, curve), deadline=deadline, _chosen=self._choose(deadline))
        self.observe(self._deadline_moved, names="deadline")

    def refresh(self) -> None:
        """Draws the frontier as it is now, such as after new measurements."""
        self._curve = drawn_curve(self._pipeline, self._session.curve(self._pipeline))
        self._chosen = self._choose(self.deadline)

    def _deadline_moved(self, change: Any) -> None:
        self._chosen = self._choose(change["new"])

    def _choose(self, deadline: float) -> dict[str, Any]:
        self.point = self._session.query(self._pipeline, deadline_seconds=deadline)
        self.plan = self._session.timeline(self._pipeline, plan=self.point.plan.plan, generation=self.point.generation)
        return drawn_choice(self.point, self.plan)


def drawn_curve(pipeline: str, curve: Curve) -> dict[str, Any]:
    """What the widget draws once: points are [seconds, joules]."""
    bound = data.thinned_bound(curve.lower_bound, 400)
    fastest = curve.all_max_frequency
    return {
        "pipeline": pipeline,
        "bound": [[one.iteration_time_seconds, one.energy_joules] for one in bound],
        "plans": [[one.iteration_time_seconds, one.energy_joules] for one in data.thinned_plans(curve.plans)],
        "baseline": [fastest.iteration_time_seconds, fastest.energy_joules],
        "latest": curve.plans[-1].iteration_time_seconds,
    }


def drawn_choice(point: FrontierPoint, plan: Timeline) -> dict[str, Any]:
    """What the widget draws for a deadline: figures, and each rank's instructions as
    [start seconds, seconds, clock or null, kind, on a longest path]."""
    low, high = data.clock_range([plan])
    return {
        "plan": point.plan.plan, "time": point.plan.iteration_time_seconds, "energy": point.plan.energy_joules,
        "gap": point.plan.gap_fraction, "saving": point.saving_fraction, "power": point.plan.average_power_watts,
        "peak": point.peak_power_watts, "price": point.lower_bound.price_watts, "clocks": [low, high],
        "ranks": [[[step.start_seconds, step.time_seconds, data.clock(step.frequency), step.instruction,
                    step.is_critical] for step in rank.instructions] for rank in data.ranks(plan)],
    }
