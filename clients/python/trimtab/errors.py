"""What can go wrong, one exception per error code, and per kind where a program would act on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional


class TrimtabError(Exception):
    """Every error of this package."""


class ServerExited(TrimtabError):
    """The server ended while an answer was awaited."""

    def __init__(self, exit_code: Optional[int], stderr_lines: Sequence[str]) -> None:
        said = "; it wrote:\n  " + "\n  ".join(stderr_lines) if stderr_lines else ""
        super().__init__(f"the server ended with exit code {exit_code}{said}")
        self.exit_code, self.stderr_lines = exit_code, tuple(stderr_lines)


class CallTimeout(TrimtabError, TimeoutError):
    """No answer within the call's timeout; the request has been cancelled on the wire."""


class GarbledStream(TrimtabError):
    """The server wrote something that is not a frame, or whose body is not JSON; nothing after it can be read."""


class RPCError(TrimtabError):
    """The server's error answer. `data` is machine-readable: kind, path, expected, found, fix."""

    code: int = 0
    kind: Optional[str] = None

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.data: Mapping[str, Any] = data if isinstance(data, dict) else {}
        self.kind = self.data.get("kind")

    def __str__(self) -> str:
        fix = self.data.get("fix")
        return f"{self.message} [{self.kind or self.code}]" + (f" To mend it: {fix}" if fix else "")


class ParseError(RPCError):
    code = -32700


class InvalidRequest(RPCError):
    code = -32600


class MethodNotFound(RPCError):
    code = -32601


class InvalidParams(RPCError):
    code = -32602


class InternalError(RPCError):
    code = -32603


class NotInitialized(RPCError):
    code = -32002


class RequestCancelled(RPCError):
    code = -32800


class ContentModified(RPCError):
    code = -32801


class RequestFailed(RPCError):
    code = -32803


class UnknownSession(RPCError):
    code, kind = 1000, "unknownSession"


class UnknownGPU(RPCError):
    code, kind = 1001, "unknownGPU"


class FileOutsideRoots(RPCError):
    code, kind = 1002, "fileOutsideRoots"


class UnreadableFile(RPCError):
    code, kind = 1003, "unreadableFile"


class Overloaded(RPCError):
    code, kind = 1004, "overloaded"


class UnknownPipeline(RPCError):
    code, kind = 2000, "unknownPipeline"


class InvalidPipeline(RPCError):
    code, kind = 2001, "invalidPipeline"


class InvalidProfile(RPCError):
    code, kind = 2002, "invalidProfile"


class IncompleteProfile(RPCError):
    code, kind = 2003, "incompleteProfile"


class NotCharacterized(RPCError):
    code, kind = 2004, "notCharacterized"


class ObjectiveOutOfReach(RPCError):
    code, kind = 2006, "objectiveOutOfReach"


class UnknownPlan(RPCError):
    code, kind = 2007, "unknownPlan"


class UnknownRank(RPCError):
    code, kind = 2008, "unknownRank"


class UnknownJob(RPCError):
    code, kind = 2009, "unknownJob"


class DeadlineBelowMinimum(RPCError):
    """No plan meets the deadline; `minimum_time_seconds` is the shortest that one can."""

    code, kind = 2005, "deadlineBelowMinimum"

    @property
    def minimum_time_seconds(self) -> float:
        return float(self.data["minimumTimeSeconds"])


_BY_CODE = {error.code: error for error in RPCError.__subclasses__() if error.code}
_BY_KIND = {str(error.kind): error for error in RPCError.__subclasses__() if error.kind}


def error_from(wire: Mapping[str, Any]) -> RPCError:
    """The exception for a wire error: the most specific class known for its kind, else for its code."""
    code, data = int(wire.get("code", 0)), wire.get("data")
    kind = data.get("kind") if isinstance(data, dict) else None
    error = _BY_KIND.get(str(kind)) or _BY_CODE.get(code) or RPCError
    return error(code, str(wire.get("message", "")), data)
