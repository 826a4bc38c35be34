"""Client of the Trimtab sidecar: a blocking `Trimtab` and an asyncio `AsyncTrimtab` with the same methods."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import answers
from .blocking import Pending, Session, Trimtab
from .endpoint import Push
from .errors import (
    BusyGPU,
    CallTimeout,
    CandidateClosed,
    ContentModified,
    DeadlineBelowMinimum,
    FileOutsideRoots,
    GarbledStream,
    ImplausibleReport,
    IncompleteProfile,
    InternalError,
    InvalidParams,
    InvalidPipeline,
    InvalidPlacement,
    InvalidPlan,
    InvalidPool,
    InvalidProfile,
    InvalidReport,
    InvalidRepresentation,
    InvalidRequest,
    JournalUnusable,
    MethodNotFound,
    NoPool,
    NotCharacterized,
    NotInitialized,
    ObjectiveOutOfReach,
    OutcomeUnknown,
    Overloaded,
    ParseError,
    ReadOnly,
    RequestCancelled,
    RequestFailed,
    RestartWarning,
    RevisionTooOld,
    RPCError,
    SearchBegun,
    ServerExited,
    SessionShared,
    StateUnavailable,
    StorageFailed,
    TrialClosed,
    TrimtabError,
    UnknownCandidate,
    UnknownFieldWarning,
    UnknownGPU,
    UnknownJob,
    UnknownPipeline,
    UnknownPlan,
    UnknownRank,
    UnknownRevision,
    UnknownSession,
    UnknownTrial,
    UnreadableFile,
)
from .requests import Request
from .rows import Rows, to_frame
from .selection import AsyncPool, AsyncTrial, Pool, Trial

if TYPE_CHECKING:
    from .answers import *
    from .asynchronous import AsyncSession, AsyncTrimtab
    from .launcher import LauncherRuns, Limits, launch
    from .trace import TraceReport, from_trace
    from .training import NoLauncher, TrainingTrial, trial

__version__ = "0.1.0"
__all__ = [
    "AsyncPool",
    "AsyncSession",
    "AsyncTrial",
    "AsyncTrimtab",
    "BusyGPU",
    "CallTimeout",
    "CandidateClosed",
    "ContentModified",
    "DeadlineBelowMinimum",
    "FileOutsideRoots",
    "GarbledStream",
    "ImplausibleReport",
    "IncompleteProfile",
    "InternalError",
    "InvalidParams",
    "InvalidPipeline",
    "InvalidPlacement",
    "InvalidPlan",
    "InvalidPool",
    "InvalidProfile",
    "InvalidReport",
    "InvalidRepresentation",
    "InvalidRequest",
    "JournalUnusable",
    "LauncherRuns",
    "Limits",
    "MethodNotFound",
    "NoLauncher",
    "NoPool",
    "NotCharacterized",
    "NotInitialized",
    "ObjectiveOutOfReach",
    "OutcomeUnknown",
    "Overloaded",
    "ParseError",
    "Pending",
    "Pool",
    "Push",
    "RPCError",
    "ReadOnly",
    "Request",
    "RequestCancelled",
    "RequestFailed",
    "RestartWarning",
    "RevisionTooOld",
    "Rows",
    "SearchBegun",
    "ServerExited",
    "Session",
    "SessionShared",
    "StateUnavailable",
    "StorageFailed",
    "TraceReport",
    "TrainingTrial",
    "Trial",
    "TrialClosed",
    "Trimtab",
    "TrimtabError",
    "UnknownCandidate",
    "UnknownFieldWarning",
    "UnknownGPU",
    "UnknownJob",
    "UnknownPipeline",
    "UnknownPlan",
    "UnknownRank",
    "UnknownRevision",
    "UnknownSession",
    "UnknownTrial",
    "UnreadableFile",
    "from_trace",
    "launch",
    "to_frame",
    "trial",
]
__all__ += answers.__all__

# Loaded when they are first used, as answers are: without that an import would take three times as long.
_LAZY = {
    "AsyncSession": "asynchronous", "AsyncTrimtab": "asynchronous", "LauncherRuns": "launcher", "Limits": "launcher",
    "NoLauncher": "training", "TraceReport": "trace", "TrainingTrial": "training", "from_trace": "trace",
    "launch": "launcher", "trial": "training",
}
# Not loaded with the package either, and to be had without an import of their own: `trimtab.gpu.attach(...)`.
_MODULES = ("callbacks", "gpu", "profile", "ray", "slurm", "trace", "zeus")


def __getattr__(name: str) -> Any:
    if name in answers.__all__:
        value = getattr(answers, name)
    elif name in _LAZY:
        value = getattr(import_module(f".{_LAZY[name]}", __name__), name)
    elif name in _MODULES:
        value = import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
