"""What may be sent again to a server that was started again from its state directory."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import OutcomeUnknown, RestartWarning, ServerExited
from .requests import Request

# Requests that change nothing, or compute the same again, and reports, which the server knows by their step. To make
# another change twice could be another change, so that its fate is the caller's to look up.
REPEATABLE = frozenset([
    "frontier/characterize", "frontier/curve", "frontier/query", "frontier/savings", "gpu/list", "job/get",
    "pipeline/get", "plan/evaluate", "plan/get", "plan/series", "plan/timeline", "plan/uncertainty", "plan/variants",
    "pool/clusters", "power/allocate", "power/shed", "rpc.discover", "session/export", "session/list",
    "suggestion/get", "suggestion/pareto", "suggestion/pipeline", "suggestion/ranking", "trial/list", "trial/update",
])
# These are known by a name, where they have one.
NAMED = {"session/open": "session", "trial/next": "worker"}


def may_be_repeated(request: Request[Any]) -> bool:
    """Whether a request that may have taken effect may be sent again."""
    return request.method in REPEATABLE or NAMED.get(request.method) in request.params


def outcome_unknown(request: Request[Any]) -> Mapping[str, Any]:
    """The answer to a change that was under way when the server ended, as a sidecar whose owner ended gives it."""
    return {"error": {
        "code": OutcomeUnknown.code,
        "message": f"the server ended before it answered {request.method}, and was started again",
        "data": {"kind": OutcomeUnknown.kind, "fix": "look up whether it took effect, then send it again if not"}}}


def keeps_sessions(server: Mapping[str, Any]) -> bool:
    """Whether the server, by its answer to `initialize`, keeps sessions in a state directory."""
    capabilities = server.get("capabilities")
    return isinstance(capabilities, Mapping) and capabilities.get("durability") == "journal"


def to_open_again(listed: Mapping[str, Any], opened: Iterable[str]) -> list[str]:
    """Which of this client's sessions a new server has, by its answer to `session/list`; others were closed."""
    kept = {*listed.get("stored", ()), *(one["session"] for one in listed["sessions"])}
    return [name for name in opened if name in kept]


def warn_of_restart(error: ServerExited) -> None:
    """A Python warning, because a server that ends by itself is a fault to look into."""
    warnings.warn(f"{error}; it is started again", RestartWarning, stacklevel=4)
