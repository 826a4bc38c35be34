"""Each RPC method, declared once: what it sends and how its answer is read. Both clients have them all.

A declaration is a function that gives a `Request`. As a method of a blocking client it gives the answer, of an asyncio
client something to await, and of `client.request` or `session.request` the request itself. Each module has the
methods of one concept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from .. import answers
from ..answers.wire import named, reader
from ..binding import Awaited, Method, Now, Unsent
from ..requests import Request
from ..rows import Rows
from .base import sequence_of
from .frontiers import FrontierMethods
from .jobs import JobMethods
from .pipelines import PipelineMethods
from .plans import PlanMethods
from .pools import PoolMethods
from .power import PowerMethods
from .sessions import SessionAndGPUMethods
from .trials import SearchTrialMethods

__all__ = ["Awaited", "ClientMethods", "ClientRequests", "Now", "SessionMethods", "SessionRequests"]


class ClientMethods:
    """Methods of a client that belong to no session."""

    @Method
    def list_sessions(self, *, timeout: Optional[float] = None) -> Request[Rows[answers.SessionSummary]]:
        """The open sessions, in the order in which they were opened.

        Example:

            client.list_sessions().to_frame()
        """
        return Request("session/list", {}, sequence_of(answers.SessionSummary, "sessions"), timeout=timeout)


class ClientRequests(ClientMethods, Unsent):
    """Requests that belong to no session."""

    def open_session(
        self, session: Optional[str] = None, *, seed: Optional[int] = None, timeout: Optional[float] = None
    ) -> Request[answers.SessionOpened]:
        """Opens a session, or resumes the open one of this name.

        Example:

            session = client.open_session("training-run-7", seed=1)
        """
        return Request(
            "session/open", named({"session": session, "seed": seed}), reader(answers.SessionOpened), timeout=timeout)

    def call(self, method: str, params: Optional[Mapping[str, Any]] = None) -> Request[Any]:
        """Any method, with params in wire form; the answer is in wire form too."""
        return Request(method, params or {})


class SessionMethods(
    SessionAndGPUMethods, PipelineMethods, FrontierMethods, PlanMethods, JobMethods, PowerMethods, PoolMethods,
    SearchTrialMethods,
):
    """Methods of one session."""


class SessionRequests(SessionMethods, Unsent):
    """Requests of one session, for `start` and `pipeline_requests`."""

    def __init__(self, name: str) -> None:
        self.name = name
