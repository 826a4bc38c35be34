"""What a launcher shows while it runs: a live table where `rich` is installed and somebody looks, else lines."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Optional

from ..answers import SuggestionReport
from ..score import text
from .stderr import say

if TYPE_CHECKING:
    from .search import Search

# What a search is expected to spend of training every candidate on all data, without a budget: the figures of
# protocol-spec/methods/pool/submit.md. It has none of the other strategies, for which no time left is shown.
EXPECTED_SHARE = {"race": 1 / 2.9, "mordal": 1 / 16, "grid": 1.0}
LEAST_SECONDS = 0.25  # between two pictures


@contextlib.contextmanager
def view(table: Optional[bool]) -> Iterator[Callable[[Search], None]]:
    """A function that shows a search. `table`: whether as a table; by default where stderr is a terminal."""
    wanted = sys.stderr is not None and sys.stderr.isatty() if table is None else table
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError:
        if table:
            raise
        wanted = False
    if not wanted:
        yield Lines()
        return
    with Live(console=Console(stderr=True), auto_refresh=False) as live:
        shown = [0.0]

        def show(search: Search) -> None:
            if time.monotonic() - shown[0] >= LEAST_SECONDS or not search.running:
                live.update(picture(search), refresh=True)
                shown[0] = time.monotonic()

        yield show


class Lines:
    """A line on stderr for each trial that begins or ends."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def __call__(self, search: Search) -> None:
        now = {number: f"{running.assignment.candidate.name} to {running.assignment.to_fraction:.1%}"
               for number, running in search.running.items()}
        for number in now.keys() - self._known.keys():
            say(f"trial {number} begins: {now[number]}")
        for number in self._known.keys() - now.keys():
            say(f"trial {number} has ended: {self._known[number]}")
        self._known = now


def picture(search: Search) -> Any:
    """The running trials, and what the search knows, as a table of `rich`, in which square brackets of a name are not
    `rich`'s markup."""
    from rich.markup import escape
    from rich.table import Table

    report = search.session.suggestion(evidence_limit=0, untried_limit=0)
    table = Table(title=title(report, search), caption=escape(caption(report, time_left(search, report))))
    for heading in ("trial", "GPU", "candidate", "progress", "score", "time"):
        table.add_column(heading, justify="left" if heading == "candidate" else "right")
    for number, running in sorted(search.running.items()):
        given = running.assignment
        done = (running.fraction - given.from_fraction) / max(given.to_fraction - given.from_fraction, 1e-12)
        table.add_row(
            str(number), escape(running.slot.visible), escape(given.candidate.name),
            f"{min(max(done, 0.0), 1.0):.0%} of {given.from_fraction:.1%} to {given.to_fraction:.1%}",
            "" if running.score is None else escape(text(running.score)),
            duration(time.monotonic() - running.started))
    return table


def title(report: SuggestionReport, search: Search) -> str:
    share = report.cost.gpu_seconds / report.grid_cost.gpu_seconds if report.grid_cost.gpu_seconds > 0 else 0.0
    return (f"{report.cost.trial_count} trials, {report.cost.gpu_seconds / 3600:.2f} GPU-hours, {share:.0%} of "
            f"training every candidate, in {duration(search.elapsed())}")


def caption(report: SuggestionReport, left_seconds: Optional[float]) -> str:
    chosen = report.suggestion
    if chosen is None:
        return "no score yet"
    best = chosen.probability_best_fraction
    left = "" if left_seconds is None else f"; about {duration(left_seconds)} left"
    sure = "" if best is None else f", best with probability {probability(best)}"
    return f"suggested: {chosen.candidate.name}, predicted {chosen.predicted_score:.4g}{sure}{left}"


def probability(fraction: float) -> str:
    """A probability without more certainty than there is."""
    return "over 99 %" if 0.995 <= fraction < 1.0 else f"{fraction:.0%}"


def time_left(search: Search, report: SuggestionReport) -> Optional[float]:
    """Seconds until the search has spent what it may, or what its strategy is expected to, at the rate so far."""
    settings = search.settings
    budget, spent, elapsed = settings.get("budget") or {}, report.cost.gpu_seconds, search.elapsed()
    if "elapsedSeconds" in budget:
        return max(0.0, float(budget["elapsedSeconds"]) - elapsed)
    share = budget.get("gridFraction", EXPECTED_SHARE.get(settings.get("strategy", "race")))
    if report.finished:
        return None
    total = budget.get("gpuSeconds", None if share is None else share * report.grid_cost.gpu_seconds)
    if total is None or spent <= 0 or elapsed <= 0:
        return None
    return max(0.0, (float(total) - spent) * elapsed / spent)


def duration(seconds: float) -> str:
    """Such as 3:07 or 1:02:09."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
