"""The training job that a manifest says beside its search: every client of the session sees its frontier."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union
from urllib.parse import unquote, urlsplit

from ..answers.wire import camel, deeply
from ..blocking import Session, Trimtab
from ..errors import OutcomeUnknown, RPCError
from ..replace import replace_file
from ..requests import Request
from .options import known_fields
from .stderr import say

TABLES = ("pipeline", "profile", "frontier")
DEFAULT_NAME = "pipeline"  # of a pipeline whose table names none, as for editors


def open_frontier(session: Session, job: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Gives the session of a search the frontier of a job, as `compute_frontier` does. The search does not depend on
    it, so that what is wrong with a job is said and stops nothing."""
    try:
        compute_frontier(session, job, folder)
    except (RPCError, OSError, ValueError) as error:
        say(f"trimtab: the search goes on without a frontier of the manifest's job: {error}")


def open_job(job: Mapping[str, Mapping[str, Any]], state: Union[str, os.PathLike[str]], name: str) -> str:
    """Gives a session of its own the frontier of a job, for editors and notebooks on the same state directory; a
    sentence about it.

    Raises RPCError, OSError and ValueError where the job is wrong.
    """
    folder = Path(state).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with Trimtab(state_directory=str(folder / "sessions")) as client:
        session = client.open_session(name)
        pipeline = compute_frontier(session, job, folder)
        fastest, cheapest = (session.query(pipeline, objective=objective).plan for objective in ("fastest", "cheapest"))
    return (f"the frontier of pipeline {pipeline}: from {fastest.energy_joules:.0f} J in "
            f"{fastest.iteration_time_seconds:.3f} s to {cheapest.energy_joules:.0f} J in "
            f"{cheapest.iteration_time_seconds:.3f} s an iteration; session {name} in {folder / 'sessions'} keeps it")


def compute_frontier(session: Session, job: Mapping[str, Mapping[str, Any]], folder: Path) -> str:
    """Gives the session the frontier of a job: the tables `pipeline`, `profile` and, where it is there, `frontier` of a
    manifest, paths from the working directory. The name of its pipeline.

    It is computed once: the file `job` in `folder` says of what, and a job or a profile that has changed since is
    computed again.

    Raises RPCError, OSError and ValueError where the job is wrong.
    """
    requests = _requests(session.name, job)
    pipeline: str = requests[0][1]["pipeline"]
    note, digest = folder / "job", hashlib.sha256(json.dumps(requests, sort_keys=True).encode()).hexdigest()
    if not (note.exists() and note.read_text() == digest and _is_current(session, pipeline)):
        for method, params in requests:
            _ask(session, method, params)
        replace_file(note, digest)
    return pipeline


def _requests(session: str, job: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    known_fields(job, TABLES, "the job")
    for table in TABLES[:2]:
        if table not in job:
            raise ValueError(f"it has no table [{table}]")
    scope = {"session": session, "pipeline": job["pipeline"].get("pipeline", DEFAULT_NAME)}
    # A row's frequency may be an object whose keys are the author's own.
    profile = {camel(name): value for name, value in job["profile"].items()}
    if "rows" in profile:
        profile["rows"] = [{camel(name): value if name == "frequency" else deeply(value) for name, value in row.items()}
                           for row in profile["rows"]]
    if "csvPath" in profile:
        path = str(profile.pop("csvPath"))
        if path.lower().startswith("file:"):
            path = unquote(urlsplit(path).path)
        profile["csvText"] = Path(path).read_text(encoding="utf-8")
    return [("pipeline/define", {**deeply(job["pipeline"]), **scope}), ("profile/submit", {**profile, **scope}),
            ("frontier/characterize", {**deeply(job.get("frontier", {})), **scope})]


def _ask(session: Session, method: str, params: Mapping[str, Any]) -> Any:
    while True:
        try:
            return session.call(Request(method, params))
        except OutcomeUnknown:
            continue  # each may be said twice


def _is_current(session: Session, pipeline: str) -> bool:
    """Whether the session has a frontier of the pipeline as it is now."""
    try:
        asked = {"session": session.name, "pipeline": pipeline, "objective": "cheapest"}
        return not _ask(session, "frontier/query", asked).get("stale", False)
    except RPCError:
        return False
