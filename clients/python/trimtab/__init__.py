"""Client of the Trimtab sidecar: a blocking `Trimtab` and an asyncio `AsyncTrimtab` with the same methods."""

from .answers import (
    Assignment, Candidate, Certificate, Characterization, Curve, CurvePlan, Diagnostic, FrequencySwitch, FrontierPoint,
    GPU, Interval, LowerBound, Metric, ModelPart, NoTrial, Outlier, OverlappedBackward, PipelineDefined,
    PipelineDetail, Plan, PlanDetail, PlannedInstruction, PlanSeries, PlanUncertainty, Point, PoolClusters,
    PoolSubmitted, Prediction, ProfileRow, ProfileSubmitted, Ranking, RankTimeline, Sample, Segment, SelectionTask,
    SessionExport, SessionOpened, SessionSummary, StagePlan, SuggestedPipelines, SuggestionReport, TableCounts,
    TableName, Timeline, TimelineInstruction, TimelineTotals, TrialDecision, TrialEnded, Wait, Withdrawal,
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
    "Certificate", "Characterization", "ContentModified", "Curve", "CurvePlan", "DeadlineBelowMinimum", "Diagnostic",
    "FileOutsideRoots", "FrequencySwitch", "FrontierPoint", "GPU", "GarbledStream", "IncompleteProfile",
    "InternalError", "Interval", "InvalidParams", "InvalidPipeline", "InvalidPool", "InvalidProfile", "InvalidReport",
    "InvalidRepresentation", "InvalidRequest", "LowerBound", "MethodNotFound", "Metric", "ModelPart", "NoPool",
    "NoTrial", "NotCharacterized", "NotInitialized", "ObjectiveOutOfReach", "Outlier", "OverlappedBackward",
    "Overloaded", "ParseError", "Pending", "PipelineDefined", "PipelineDetail", "Plan", "PlanDetail", "PlanSeries",
    "PlanUncertainty", "PlannedInstruction", "Point", "Pool", "PoolClusters", "PoolSubmitted", "Prediction",
    "ProfileRow", "ProfileSubmitted", "RPCError", "RankTimeline", "Ranking", "Request", "RequestCancelled",
    "RequestFailed", "Sample", "SearchBegun", "Segment", "SelectionTask", "ServerExited", "Session", "SessionExport",
    "SessionOpened", "SessionSummary", "StagePlan", "SuggestedPipelines", "SuggestionReport", "TableCounts",
    "TableName", "Timeline", "TimelineInstruction", "TimelineTotals", "Trial", "TrialClosed", "TrialDecision",
    "TrialEnded", "Trimtab", "TrimtabError", "UnknownCandidate", "UnknownGPU", "UnknownPipeline", "UnknownPlan",
    "UnknownSession", "UnknownTrial", "UnreadableFile", "Wait", "Withdrawal",
]
