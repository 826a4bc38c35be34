"""What the declarations of a session's methods share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Optional, Protocol, TypeVar, Union

from ..answers.wire import camel, reader
from ..requests import Progress, Request
from ..rows import Rows

T = TypeVar("T")


class Array(Protocol):
    """An array of NumPy, PyTorch or pandas, which is sent as a list."""

    def tolist(self) -> Any: ...


Numbers = Union[Sequence[float], Array]
PerRank = Union[float, Numbers, None]


def sequence_of(kind: type[T], member: str) -> Callable[[Any], Rows[T]]:
    read = reader(Rows[kind])  # type: ignore[valid-type]
    assert read is not None
    return lambda wire: read(wire[member])


class OfSession:
    """Methods of one session, which fills in its name."""

    name: str

    def _request(
        self, method: str, answer: Any, /, *, timeout: Optional[float] = None, **fields: Any
    ) -> Request[Any]:
        params: dict[str, Any] = {"session": self.name}
        for name, value in fields.items():
            if value is not None:
                params[camel(name)] = value
        return Request(method, params, reader(answer), timeout=timeout)

    def _long(
        self, progress: Optional[Progress], timeout: Optional[float], method: str, answer: Any, /, **fields: Any
    ) -> Request[Any]:
        request = self._request(method, answer, **fields)
        return Request(method, request.params, request.read, progress=progress, timeout=timeout)
