"""What both clients do with a message from the server, whatever they read it with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .errors import error_from
from .frames import Frames
from .requests import Progress, Request, warn_of

OnNotification = Callable[[str, Any], None]
# A push says that something has changed, which a request then reads: of a flood that is never read, the newest suffice.
PUSH_LIMIT = 4096


@dataclass(frozen=True)
class Push:
    """A notification of the server, such as `suggestion/changed`, with params in wire form."""

    method: str
    params: Any


class Endpoint:
    """One end of a connection: makes frames of requests, and tells answers, progress and notifications apart."""

    def __init__(self, framing: str, on_notification: Optional[OnNotification]) -> None:
        self.on_notification = on_notification
        self._frames, self._last_id = Frames(framing), 0
        self._progress: dict[Any, Progress] = {}
        self._pushes: deque[Push] = deque(maxlen=PUSH_LIMIT)

    def _answered(self, identifier: Any, message: Mapping[str, Any]) -> bool:
        """Takes an answer; false if no request of this id waits."""
        raise NotImplementedError

    def _send(self, frame: bytes) -> None:
        raise NotImplementedError

    def _new_id(self) -> int:
        self._last_id = identifier = self._last_id + 1
        return identifier

    def _framed(self, identifier: int, request: Request[Any]) -> bytes:
        """The frame of a request; from now on its progress is passed on, until `_forget_progress`."""
        if request.progress is None:
            return self._frames.request(identifier, request.method, request.params)
        token = f"progress-{identifier}"
        frame = self._frames.request(identifier, request.method, {**request.params, "workDoneToken": token})
        self._progress[token] = request.progress
        return frame

    def _forget_progress(self, identifier: int) -> None:
        self._progress.pop(f"progress-{identifier}", None)

    def _dispatch(self, message: Any) -> None:
        """Handles the message at hand and passes it. An answer is kept before it is passed, so that an interrupt
        cannot lose it; a callback comes after, so that it may make calls of its own."""
        method, identifier = message.get("method"), message.get("id")
        if method is None:
            known = type(identifier) is int and self._answered(identifier, message)  # True is no id, though it is 1
            self._frames.done()
            if not known and identifier is None and "error" in message:
                raise error_from(message["error"])  # the server could not read what it was sent
            return
        self._frames.done()
        params = message.get("params")
        if identifier is not None:
            refusal = {"code": -32601, "message": f"the client has no method {method}"}
            self._send(self._frames.message({"id": identifier, "error": refusal}))
            return
        fields = params if isinstance(params, dict) else {}
        if method == "$/progress" and isinstance(token := fields.get("token"), str) and token in self._progress:
            self._progress[token](fields.get("value", {}))
            return
        if method == "trial/decided" and "warnings" in fields:
            warn_of("trial/update", params["warnings"])
        self._pushes.append(Push(method, params))
        if self.on_notification is not None:
            self.on_notification(method, params)
