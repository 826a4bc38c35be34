"""The training job that a manifest says beside its search: every client of the session sees its frontier."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..answers.wire import camel, deeply
from ..blocking import Session
from ..errors import OutcomeUnknown, RPCError
from ..replace import replace_file
from ..requests import Request
from .options import known_fields
from .table import say

TABLES = ("pipeline", "profile", "frontier")
DEFAULT_NAME = "pipeline"  # of a pipeline whose table names none, as for editors


def open_frontier(session: Session, job: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Gives the session the frontier of a job: the tables `pipeline`, `profile` and, where it is there, `frontier` of a
    manifest, paths from the working directory.

    It is computed once: the file `job` in `folder` says of what, and a job or a profile that has changed since is
    computed again. The search does not depend on it, so that what is wrong with a job is said and stops nothing.
    """
    try:
        requests = _requests(session.name, job)
        note, digest = folder / "job", hashlib.sha256(json.dumps(requests, sort_keys=True).encode()).hexdigest()
        if note.exists() and note.read_text() == digest and _is_current(session, requests[0][1]["pipeline"]):
            return
        for method, params in requests:
            _ask(session, method, params)
        replace_file(note, digest)
    except (RPCError, OSError, ValueError) as error:
        say(f"trimtab: the search goes on without a frontier of the manifest's job: {error}")


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
