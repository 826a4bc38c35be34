"""A request not yet sent, and the reading of its answer. Both clients are made of these."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Generic, Optional, TypeVar, overload

from .errors import InternalError, UnknownFieldWarning, error_from

T_co = TypeVar("T_co", covariant=True)
Progress = Callable[[Mapping[str, Any]], None]


class Request(Generic[T_co]):
    """A request not yet sent; `session.request` and `client.request` make them for `start` and `pipeline_requests`.

    `read` turns the answer's `result` into a Python value; without it the wire value is the answer. `progress` gets
    each `$/progress` value of the request, `timeout` (seconds) is for the call of this request alone.
    """

    __slots__ = ("method", "params", "progress", "read", "timeout")

    @overload
    def __init__(
        self: Request[Any], method: str, params: Mapping[str, Any], read: None = None, *,
        progress: Optional[Progress] = None, timeout: Optional[float] = None,
    ) -> None: ...
    @overload
    def __init__(
        self, method: str, params: Mapping[str, Any], read: Optional[Callable[[Any], T_co]], *,
        progress: Optional[Progress] = None, timeout: Optional[float] = None,
    ) -> None: ...

    def __init__(
        self, method: str, params: Mapping[str, Any], read: Optional[Callable[[Any], T_co]] = None, *,
        progress: Optional[Progress] = None, timeout: Optional[float] = None,
    ) -> None:
        self.method, self.params, self.read, self.progress, self.timeout = method, params, read, progress, timeout

    def result(self, answer: Mapping[str, Any]) -> T_co:
        """The value of an answer; raises the error it is, and warns of each unknown field that it names."""
        if "error" in answer:
            raise error_from(answer["error"])
        if "result" not in answer:
            raise InternalError(InternalError.code, f"{self.method} was answered with neither a result nor an error")
        result = answer["result"]
        if isinstance(result, dict) and "warnings" in result:
            warn_of(self.method, result["warnings"])
        return result if self.read is None else self.read(result)


def warn_of(method: str, unknown: Any) -> None:
    """A Python warning for each field of a request that the server does not know."""
    for one in unknown:
        nearest = one.get("nearest")
        hint = f"; did you mean {nearest!r}?" if nearest else ""
        warnings.warn(f"{method} has no field {one['path']!r}{hint}", UnknownFieldWarning, stacklevel=2)
