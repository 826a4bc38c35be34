"""A running search, live in a notebook: what is trained, how sure the search is, what it has cost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import anywidget
import traitlets

from ..answers import Ranking, SuggestionReport, TrialPage
from ..asynchronous import AsyncTrimtab
from ..errors import RPCError, TrimtabError
from ..frames import command_line

if TYPE_CHECKING:
    from ..frames import Command

_STATIC = Path(__file__).parent / "static"


class SearchBoard(anywidget.AnyWidget):
    """The search of a session that another process runs on a shared state directory.

        SearchBoard("/scratch/search-state", "which-model")

    The board joins the directory and only reads. It draws again when a trial begins or ends, the suggestion changes or
    the search ends, and looks every `interval_seconds` for what comes without a push, such as a score. `stop()` ends
    it; so does the end of the kernel. Needs a running asyncio loop, as notebooks have one.
    """

    _esm = _STATIC / "board.js"
    _css = _STATIC / "widgets.css"

    _shown = traitlets.Dict().tag(sync=True)
    _problem = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, state_directory: str, session: str, *, limit: int = 15, interval_seconds: float = 0.5,
        command: Command = None,
    ) -> None:
        super().__init__(_shown={"session": session, "rows": []})
        self._where, self._session, self._command = state_directory, session, command
        self._limit, self._interval = limit, interval_seconds
        self._task = asyncio.get_running_loop().create_task(self._follow())

    def stop(self) -> None:
        """Leaves the search; what is shown stays."""
        self._task.cancel()

    async def _follow(self) -> None:
        while True:
            try:
                command = [*command_line(self._command), "--read-only"]
                async with AsyncTrimtab(command, state_directory=self._where, timeout=30) as client:
                    session = await client.open_session(self._session)
                    await session.watch(["trials", "suggestion", "search"])
                    revision: Optional[int] = None
                    while True:
                        trials = await session.trials(open_only=True, limit=100)
                        if trials.revision != revision:
                            ranking, report = await session.ranking(limit=self._limit), await session.suggestion()
                            self._shown = drawn(self._session, ranking, report, trials)
                            self._problem, revision = "", trials.revision
                        await client.wait(self._interval)
            except (TrimtabError, OSError) as error:
                # Such as a session that has no pool yet, or a server that was killed: said, and tried again.
                self._problem = error.message if isinstance(error, RPCError) else f"{type(error).__name__}: {error}"
                await asyncio.sleep(2 * self._interval)


def drawn(session: str, ranking: Ranking, report: SuggestionReport, trials: TrialPage) -> dict[str, Any]:
    """What the widget draws."""
    training = {one.candidate: one for one in trials.trials if one.state == "open"}
    rows = []
    for one in ranking.ranking:
        trial = training.get(one.candidate)
        rows.append({
            "name": one.candidate.name, "status": one.status, "closure": one.closure,
            "score": one.predicted_score, "interval": one.score_interval, "chance": one.probability_best_fraction,
            "training": None if trial is None else {
                "from": trial.from_fraction, "to": trial.to_fraction, "at": trial.last_data_fraction,
                "worker": trial.worker},
        })
    suggestion = report.suggestion
    return {
        "session": session, "rows": rows, "count": ranking.candidate_count, "finished": report.finished,
        "reason": report.finish_reason, "gpuSeconds": report.cost.gpu_seconds,
        "gridGpuSeconds": report.grid_cost.gpu_seconds, "trials": report.cost.trial_count,
        "open": trials.open_trial_count, "savingFactor": report.saving_factor,
        "suggestion": None if suggestion is None else suggestion.candidate.name,
        "chance": None if suggestion is None else suggestion.probability_best_fraction,
    }
