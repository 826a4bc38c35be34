"""Client of the Trimtab sidecar: a blocking `Trimtab` and an asyncio `AsyncTrimtab` with the same methods."""

from .answers import (
    Certificate, Characterization, Curve, CurvePlan, Diagnostic, FrequencySwitch, FrontierPoint, GPU, Interval, Job,
    JobPipeline, LowerBound, Outlier, OverlappedBackward, PipelineDefined, PipelineDetail, PipelinesReplicated, Plan,
    plan_changed, PlanChange, PlanDetail, PlannedInstruction, PlanSeries, PlanUncertainty, Point, ProfileRow,
    ProfileSubmitted, RankBusyTime, RankTimeline, Sample, Saving, Savings, Segment, SessionExport, SessionOpened,
    SessionSummary, SlowRank, StagePlan, Straggler, StragglerReported, TableCounts, TableName, Timeline,
    TimelineInstruction, TimelineTotals, Wait, Withdrawal,
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
    "InvalidProfile", "InvalidRequest", "Job", "JobPipeline", "LowerBound", "MethodNotFound", "NotCharacterized",
    "NotInitialized", "ObjectiveOutOfReach", "Outlier", "OverlappedBackward", "Overloaded", "ParseError", "Pending",
    "PipelineDefined", "PipelineDetail", "PipelinesReplicated", "Plan", "PlanChange", "PlanDetail", "PlanSeries",
    "PlanUncertainty", "PlannedInstruction", "Point", "ProfileRow", "ProfileSubmitted", "RPCError", "RankBusyTime",
    "RankTimeline", "Request", "RequestCancelled", "RequestFailed", "Sample", "Saving", "Savings", "Segment",
    "ServerExited", "Session", "SessionExport", "SessionOpened", "SessionSummary", "SlowRank", "StagePlan",
    "Straggler", "StragglerReported", "TableCounts", "TableName", "Timeline", "TimelineInstruction", "TimelineTotals",
    "Trimtab", "TrimtabError", "UnknownGPU", "UnknownJob", "UnknownPipeline", "UnknownPlan", "UnknownRank",
    "UnknownSession", "UnreadableFile", "Wait", "Withdrawal", "plan_changed",
]
