"""Client of the Trimtab sidecar: a blocking `Trimtab` and an asyncio `AsyncTrimtab` with the same methods."""

from .answers import (
    GPU, Assignment, Candidate, Certificate, Characterization, Curve, CurvePlan, FrontierPoint, LowerBound, Metric,
    ModelPart, Plan, PlanDetail, PipelineDefined, PlannedInstruction, Point, PoolClusters, PoolSubmitted, Prediction,
    ProfileRow, ProfileSubmitted, Ranking, SelectionTask, SessionExport, SessionOpened, SessionSummary, StagePlan,
    SuggestedPipelines, SuggestionReport, TableCounts, TableName, TrialDecision, TrialEnded, Wait,
)
from .asynchronous import AsyncSession, AsyncTrimtab
from .blocking import Pending, Session, Trimtab
from .errors import (
    BusyGPU, CallTimeout, ContentModified, DeadlineBelowMinimum, FileOutsideRoots, GarbledStream, IncompleteProfile,
    InternalError, InvalidParams, InvalidPipeline, InvalidPool, InvalidProfile, InvalidReport, InvalidRepresentation,
    InvalidRequest, MethodNotFound, NoPool, NotCharacterized,
    NotInitialized, ObjectiveOutOfReach, Overloaded, ParseError, RPCError, RequestCancelled, RequestFailed,
    SearchBegun, ServerExited, TrialClosed, TrimtabError, UnknownCandidate, UnknownGPU, UnknownPipeline, UnknownPlan,
    UnknownSession, UnknownTrial, UnreadableFile,
)
from .methods import Request
from .selection import AsyncPool, AsyncTrial, Pool, Trial

__version__ = "0.1.0"
__all__ = [
    "Assignment", "AsyncPool", "AsyncSession", "AsyncTrial", "AsyncTrimtab", "BusyGPU", "CallTimeout", "Candidate",
    "Certificate", "Characterization", "ContentModified", "Curve", "CurvePlan", "DeadlineBelowMinimum",
    "FileOutsideRoots", "FrontierPoint", "GPU", "GarbledStream", "IncompleteProfile", "InternalError",
    "InvalidParams", "InvalidPipeline", "InvalidPool", "InvalidProfile", "InvalidReport", "InvalidRepresentation",
    "InvalidRequest", "LowerBound", "MethodNotFound", "Metric", "ModelPart", "NoPool", "NotCharacterized",
    "NotInitialized", "ObjectiveOutOfReach", "Overloaded", "ParseError", "Pending", "PipelineDefined", "Plan",
    "PlanDetail", "PlannedInstruction", "Point", "Pool", "PoolClusters", "PoolSubmitted", "Prediction", "ProfileRow",
    "ProfileSubmitted", "RPCError", "Ranking", "Request", "RequestCancelled", "RequestFailed", "SearchBegun",
    "SelectionTask", "ServerExited", "Session", "SessionExport", "SessionOpened", "SessionSummary", "StagePlan",
    "SuggestedPipelines", "SuggestionReport", "TableCounts", "TableName", "Trial", "TrialClosed", "TrialDecision",
    "TrialEnded", "Trimtab", "TrimtabError", "UnknownCandidate", "UnknownGPU", "UnknownPipeline", "UnknownPlan",
    "UnknownSession", "UnknownTrial", "UnreadableFile", "Wait",
]
