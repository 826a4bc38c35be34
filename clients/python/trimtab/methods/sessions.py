"""A session itself and its GPUs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Optional

from .. import answers
from ..answers.wire import to_wire
from ..binding import Method
from ..declared import PushGroup
from ..requests import Request
from ..rows import Rows
from .base import OfSession, sequence_of

if TYPE_CHECKING:
    from ..answers import GPU


class SessionAndGPUMethods(OfSession):
    @Method
    def close(self, *, force: Optional[bool] = None, timeout: Optional[float] = None) -> Request[Any]:
        """Ends the session; its running computations are cancelled. `force` closes it for other clients, too.

        Example:

            session.close()
        """
        return self._request("session/close", None, force=force, timeout=timeout)

    @Method
    def watch(
        self, pushes: Optional[Sequence[PushGroup]] = None, *, from_revision: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Request[answers.SessionWatched]:
        """Chooses which pushes this client gets, all without `pushes`; first those after `from_revision`."""
        return self._request(
            "session/watch", answers.SessionWatched, pushes=None if pushes is None else list(pushes),
            from_revision=from_revision, timeout=timeout)

    @Method
    def export(self, *, timeout: Optional[float] = None) -> Request[answers.SessionExport]:
        """The fewest requests that make an equal session.

        Example:

            session.export().requests
        """
        return self._request("session/export", answers.SessionExport, timeout=timeout)

    @Method
    def register_gpus(self, gpus: Iterable[GPU], *, timeout: Optional[float] = None) -> Request[answers.GPUCount]:
        """Registers GPUs, or describes known ones again.

        Example:

            session.register_gpus([GPU("0", memory_bytes=80 << 30), GPU("1", memory_bytes=80 << 30)])
        """
        return self._request("gpu/register", answers.GPUCount, gpus=[to_wire(gpu) for gpu in gpus], timeout=timeout)

    @Method
    def retire_gpus(
        self, ids: Sequence[str], *, reason: Optional[str] = None, timeout: Optional[float] = None,
    ) -> Request[answers.GPUCount]:
        """Takes GPUs out of the session; trials that run on them are lost.

        Example:

            session.retire_gpus(["1"], reason="ECC errors")
        """
        return self._request("gpu/retire", answers.GPUCount, ids=list(ids), reason=reason, timeout=timeout)

    @Method
    def list_gpus(self, *, timeout: Optional[float] = None) -> Request[Rows[GPU]]:
        """The registered GPUs, in the order of registration.

        Example:

            session.list_gpus().to_frame()
        """
        return Request("gpu/list", {"session": self.name}, sequence_of(answers.GPU, "gpus"), timeout=timeout)
