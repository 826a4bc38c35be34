"""Client of the Trimtab sidecar: a blocking `Trimtab` and an asyncio `AsyncTrimtab` with the same methods."""

from .answers import (
    GPU, Certificate, Characterization, Curve, CurvePlan, FrequencySwitch, FrontierPoint, LowerBound, OverlappedBackward,
    Plan, PlanDetail, PipelineDefined, PlannedInstruction, Point, ProfileRow, ProfileSubmitted, RankTimeline, SessionExport,
    SessionOpened, SessionSummary, StagePlan, TableCounts, TableName, Timeline, TimelineInstruction, TimelineTotals, Wait,
)
from .asynchronous import AsyncSession, AsyncTrimtab
from .blocking import Pending, Session, Trimtab
from .errors import (
    CallTimeout, ContentModified, DeadlineBelowMinimum, FileOutsideRoots, GarbledStream, IncompleteProfile,
    InternalError, InvalidParams, InvalidPipeline, InvalidProfile, InvalidRequest, MethodNotFound, NotCharacterized,
    NotInitialized, ObjectiveOutOfReach, Overloaded, ParseError, RPCError, RequestCancelled, RequestFailed,
    ServerExited, TrimtabError, UnknownGPU, UnknownPipeline, UnknownPlan, UnknownSession, UnreadableFile,
)
from .methods import Request

__version__ = "0.1.0"
__all__ = [
    "AsyncSession", "AsyncTrimtab", "CallTimeout", "Certificate", "Characterization", "ContentModified", "Curve",
    "CurvePlan", "DeadlineBelowMinimum", "FileOutsideRoots", "FrequencySwitch", "FrontierPoint", "GPU", "GarbledStream",
    "IncompleteProfile", "InternalError", "InvalidParams", "InvalidPipeline", "InvalidProfile", "InvalidRequest",
    "LowerBound", "MethodNotFound", "NotCharacterized", "NotInitialized", "ObjectiveOutOfReach", "OverlappedBackward", "Overloaded",
    "ParseError", "Pending", "PipelineDefined", "Plan", "PlanDetail", "PlannedInstruction", "Point", "ProfileRow",
    "ProfileSubmitted", "RPCError", "RankTimeline", "Request", "RequestCancelled", "RequestFailed", "ServerExited", "Session",
    "SessionExport", "SessionOpened", "SessionSummary", "StagePlan", "TableCounts", "TableName", "Timeline",
    "TimelineInstruction", "TimelineTotals", "Trimtab",
    "TrimtabError", "UnknownGPU", "UnknownPipeline", "UnknownPlan", "UnknownSession", "UnreadableFile", "Wait",
]
