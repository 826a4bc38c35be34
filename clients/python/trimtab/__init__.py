"""Client of the Trimtab sidecar: a blocking `Trimtab` and an asyncio `AsyncTrimtab` with the same methods."""

from .answers import (
    GPU, Certificate, Characterization, Curve, CurvePlan, Diagnostic, FrontierPoint, Interval, LowerBound, Outlier,
    Plan, PlanDetail, PlanSeries, PlanUncertainty, PipelineDefined, PipelineDetail, PlannedInstruction, Point,
    ProfileRow, ProfileSubmitted, Sample, Segment, SessionExport, SessionOpened, SessionSummary, StagePlan,
    TableCounts, TableName, Withdrawal,
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
    "CurvePlan", "DeadlineBelowMinimum", "Diagnostic", "FileOutsideRoots", "FrontierPoint", "GPU", "GarbledStream",
    "IncompleteProfile", "InternalError", "Interval", "InvalidParams", "InvalidPipeline", "InvalidProfile",
    "InvalidRequest", "LowerBound", "MethodNotFound", "NotCharacterized", "NotInitialized", "ObjectiveOutOfReach",
    "Outlier", "Overloaded", "ParseError", "Pending", "PipelineDefined", "PipelineDetail", "Plan", "PlanDetail",
    "PlanSeries", "PlanUncertainty", "PlannedInstruction", "Point", "ProfileRow", "ProfileSubmitted", "RPCError",
    "Request", "RequestCancelled", "RequestFailed", "Sample", "Segment", "ServerExited", "Session", "SessionExport",
    "SessionOpened", "SessionSummary", "StagePlan", "TableCounts", "TableName", "Trimtab", "TrimtabError",
    "UnknownGPU", "UnknownPipeline", "UnknownPlan", "UnknownSession", "UnreadableFile", "Withdrawal",
]
