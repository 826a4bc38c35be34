"""Client of the Trimtab sidecar: a blocking `Trimtab` and an asyncio `AsyncTrimtab` with the same methods."""

from .answers import (
    Certificate, Characterization, Curve, CurvePlan, Diagnostic, FrequencySwitch, FrontierPoint, GPU, Interval,
    LowerBound, Outlier, OverlappedBackward, PipelineDefined, PipelineDetail, Plan, PlanDetail, PlannedInstruction,
    PlanSeries, PlanUncertainty, Point, ProfileRow, ProfileSubmitted, RankTimeline, Sample, Segment, SessionExport,
    SessionOpened, SessionSummary, StagePlan, TableCounts, TableName, Timeline, TimelineInstruction, TimelineTotals,
    Wait, Withdrawal,
    Job, JobPipeline, PipelinesReplicated, PlanChange, RankBusyTime, RankPlace, Saving, Savings, SlowRank, Straggler,
    StragglerReported, plan_changed,
)
from .asynchronous import AsyncSession, AsyncTrimtab
from .blocking import Pending, Session, Trimtab
from .errors import (
    CallTimeout, ContentModified, DeadlineBelowMinimum, FileOutsideRoots, GarbledStream, IncompleteProfile,
    InternalError, InvalidParams, InvalidPipeline, InvalidProfile, InvalidRequest, MethodNotFound, NotCharacterized,
    NotInitialized, ObjectiveOutOfReach, Overloaded, ParseError, RPCError, RequestCancelled, RequestFailed,
    ServerExited, TrimtabError, UnknownGPU, UnknownJob, UnknownPipeline, UnknownPlan, UnknownRank, UnknownSession,
    UnreadableFile,
)
from .methods import Request

__version__ = "0.1.0"
__all__ = [
    "AsyncSession", "AsyncTrimtab", "CallTimeout", "Certificate", "Characterization", "ContentModified", "Curve",
    "CurvePlan", "DeadlineBelowMinimum", "Diagnostic", "FileOutsideRoots", "FrequencySwitch", "FrontierPoint", "GPU",
    "GarbledStream", "IncompleteProfile", "InternalError", "Interval", "InvalidParams", "InvalidPipeline",
    "InvalidProfile", "InvalidRequest", "LowerBound", "MethodNotFound", "NotCharacterized", "NotInitialized",
    "ObjectiveOutOfReach", "Outlier", "OverlappedBackward", "Overloaded", "ParseError", "Pending", "PipelineDefined",
    "PipelineDetail", "Plan", "PlanDetail", "PlanSeries", "PlanUncertainty", "PlannedInstruction", "Point",
    "ProfileRow", "ProfileSubmitted", "RPCError", "RankTimeline", "Request", "RequestCancelled", "RequestFailed",
    "Sample", "Segment", "ServerExited", "Session", "SessionExport", "SessionOpened", "SessionSummary", "StagePlan",
    "TableCounts", "TableName", "Timeline", "TimelineInstruction", "TimelineTotals", "Trimtab", "TrimtabError",
    "UnknownGPU", "UnknownPipeline", "UnknownPlan", "UnknownSession", "UnreadableFile", "Wait", "Withdrawal",
    "Job", "JobPipeline", "PipelinesReplicated", "PlanChange", "RankBusyTime", "RankPlace", "Saving", "Savings",
    "SlowRank", "Straggler", "StragglerReported", "UnknownJob", "UnknownRank", "plan_changed",
]
