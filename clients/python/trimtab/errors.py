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


class RestartWarning(UserWarning):
    """The server ended and was started again from its state directory; the message has its last words."""


class UnknownFieldWarning(UserWarning):
    """A request had a field that the server does not know and has ignored, such as a misspelt one."""


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
    """The server could not read a message as JSON."""

    code = -32700


class InvalidRequest(RPCError):
    """The message is JSON but not a request, or comes after shutdown."""

    code = -32600


class MethodNotFound(RPCError):
    """The server has no such method."""

    code = -32601


class InvalidParams(RPCError):
    """A param is missing or not what it must be; `data["path"]` says which."""

    code = -32602


class InternalError(RPCError):
    """The fault is the server's."""

    code = -32603


class NotInitialized(RPCError):
    """A request came before `initialize`."""

    code = -32002


class RequestCancelled(RPCError):
    """The request was cancelled, its session closed, or the input ended."""

    code = -32800


class ContentModified(RPCError):
    """The inputs changed while the computation ran; ask again."""

    code = -32801


class RequestFailed(RPCError):
    """The request was valid and failed."""

    code = -32803


class UnknownSession(RPCError):
    """No session of this name is open."""

    code, kind = 1000, "unknownSession"


class UnknownGPU(RPCError):
    """No GPU of this id is registered in the session."""

    code, kind = 1001, "unknownGPU"


class FileOutsideRoots(RPCError):
    """A file argument lies outside the roots given to initialize."""

    code, kind = 1002, "fileOutsideRoots"


class UnreadableFile(RPCError):
    """A file argument cannot be read, or is too large."""

    code, kind = 1003, "unreadableFile"


class Overloaded(RPCError):
    """Too many computations wait already; try again later."""

    code, kind = 1004, "overloaded"


class StateUnavailable(RPCError):
    """The state directory cannot be used; nothing is kept in memory instead."""

    code, kind = 1005, "stateUnavailable"


class StorageFailed(RPCError):
    """A change was not made durable. The session is closed; opening it recovers its last durable change."""

    code, kind = 1006, "storageFailed"


class JournalUnusable(RPCError):
    """A session cannot be recovered from its journal, which stays as it is."""

    code, kind = 1007, "journalUnusable"


class OutcomeUnknown(RPCError):
    """The owner of the state directory ended before it answered; whether the request took effect is unknown."""

    code, kind = 1008, "outcomeUnknown"


class SessionShared(RPCError):
    """Another client has the session open; `force` closes it for all."""

    code, kind = 1009, "sessionShared"


class RevisionTooOld(RPCError):
    """What happened since that revision is not known any more; `data["revision"]` is the oldest to begin from."""

    code, kind = 1010, "revisionTooOld"


class UnknownRevision(RPCError):
    """The session has not come to that revision; it may be another session of the same name."""

    code, kind = 1011, "unknownRevision"


class ReadOnly(RPCError):
    """The server was started with `--read-only` and changes nothing."""

    code, kind = 1012, "readOnly"


class UnknownPipeline(RPCError):
    """No pipeline of this name is defined in the session."""

    code, kind = 2000, "unknownPipeline"


class InvalidPipeline(RPCError):
    """The pipeline contradicts itself, or a profile it has."""

    code, kind = 2001, "invalidPipeline"


class InvalidProfile(RPCError):
    """A measurement cannot be right, or belongs to nothing."""

    code, kind = 2002, "invalidProfile"


class IncompleteProfile(RPCError):
    """Some instructions of the pipeline have no measurement."""

    code, kind = 2003, "incompleteProfile"


class NotCharacterized(RPCError):
    """The pipeline's frontier has not been computed yet."""

    code, kind = 2004, "notCharacterized"


class ObjectiveOutOfReach(RPCError):
    """No plan, or series of plans, reaches what was asked; the data says what the utmost is."""

    code, kind = 2006, "objectiveOutOfReach"


class UnknownPlan(RPCError):
    """The frontier has no plan of this number."""

    code, kind = 2007, "unknownPlan"


class UnknownRank(RPCError):
    """The pipeline has no such rank, stage or replica."""

    code, kind = 2008, "unknownRank"


class UnknownJob(RPCError):
    """No pipeline of the session belongs to a job of this name."""

    code, kind = 2009, "unknownJob"


class ImplausibleReport(RPCError):
    """What a report says of a pipeline's iteration cannot be right; check what was measured."""

    code, kind = 2010, "implausibleReport"


class InvalidPlacement(RPCError):
    """A group, or what of a job is in it, contradicts the request or the job."""

    code, kind = 2011, "invalidPlacement"


class InvalidPlan(RPCError):
    """A plan does not give every instruction of the pipeline one frequency that was measured."""

    code, kind = 2012, "invalidPlan"


class NoPool(RPCError):
    """The session has no pool of candidates."""

    code, kind = 3000, "noPool"


class InvalidPool(RPCError):
    """The pool contradicts itself or what was submitted before."""

    code, kind = 3001, "invalidPool"


class UnknownCandidate(RPCError):
    """The pool has no such encoder, language model or combination."""

    code, kind = 3002, "unknownCandidate"


class InvalidRepresentation(RPCError):
    """Representations cannot be read, or do not fit the others."""

    code, kind = 3003, "invalidRepresentation"


class SearchBegun(RPCError):
    """This can only be said before the first trial is given out."""

    code, kind = 3004, "searchBegun"


class UnknownTrial(RPCError):
    """The session has given out no trial of this number."""

    code, kind = 3005, "unknownTrial"


class TrialClosed(RPCError):
    """The trial has ended; `outcome` says how."""

    code, kind = 3006, "trialClosed"

    @property
    def outcome(self) -> str:
        """How it ended, as `state` of trial/list."""
        return str(self.data["outcome"])


class InvalidReport(RPCError):
    """A report on a trial cannot be right; check its units."""

    code, kind = 3007, "invalidReport"


class BusyGPU(RPCError):
    """The GPU works for another trial; `trial` in the data says which."""

    code, kind = 3008, "busyGPU"


class CandidateClosed(RPCError):
    """The candidate has left the search; `closure` in the ranking says why."""

    code, kind = 3009, "candidateClosed"


class DeadlineBelowMinimum(RPCError):
    """No plan meets the deadline; `minimum_time_seconds` is the shortest that one can."""

    code, kind = 2005, "deadlineBelowMinimum"

    @property
    def minimum_time_seconds(self) -> float:
        """The shortest iteration that a plan can have."""
        return float(self.data["minimumTimeSeconds"])


_BY_CODE = {error.code: error for error in RPCError.__subclasses__() if error.code}
_BY_KIND = {str(error.kind): error for error in RPCError.__subclasses__() if error.kind}


def error_from(wire: Any) -> RPCError:
    """The exception for a wire error: the most specific class known for its kind, else for its code."""
    if not isinstance(wire, dict) or not isinstance(wire.get("code", 0), int):
        return InternalError(InternalError.code, f"the server sent an error that is none: {wire!r}")
    code, data = wire.get("code", 0), wire.get("data")
    kind = data.get("kind") if isinstance(data, dict) else None
    error = _BY_KIND.get(str(kind)) or _BY_CODE.get(code) or RPCError
    return error(code, str(wire.get("message", "")), data)
