"""Client of the Trimtab sidecar: a blocking `Trimtab` and an asyncio `AsyncTrimtab` with the same methods."""

from .answers import (
    Assignment, Candidate, Certificate, Characterization, Curve, CurvePlan, Diagnostic, FrequencySwitch, FrontierPoint,
    GPU, Interval, Job, JobPipeline, LowerBound, Metric, ModelPart, NoTrial, Outlier, OverlappedBackward,
    PipelineDefined, PipelineDetail, PipelinesReplicated, Plan, plan_changed, PlanChange, PlanDetail,
    PlannedInstruction, PlanSeries, PlanUncertainty, Point, PoolClusters, PoolSubmitted, Prediction, ProfileRow,
    ProfileSubmitted, RankBusyTime, Ranking, RankPlace, RankTimeline, Sample, Saving, Savings, Segment, SelectionTask,
    SessionExport, SessionOpened, SessionSummary, SlowRank, StagePlan, Straggler, StragglerReported,
    SuggestedPipelines, SuggestionReport, TableCounts, TableName, Timeline, TimelineInstruction, TimelineTotals,
    TrialDecision, TrialEnded, Wait, Withdrawal,
)
from .asynchronous import AsyncSession, AsyncTrimtab
from .blocking import Pending, Session, Trimtab
from .errors import (
    BusyGPU, CallTimeout, ContentModified, DeadlineBelowMinimum, FileOutsideRoots, GarbledStream, IncompleteProfile,
    InternalError, InvalidParams, InvalidPipeline, InvalidPool, InvalidProfile, InvalidReport, InvalidRepresentation,
    InvalidRequest, MethodNotFound, NoPool, NotCharacterized, NotInitialized, ObjectiveOutOfReach, Overloaded,
    ParseError, RequestCancelled, RequestFailed, RPCError, SearchBegun, ServerExited, TrialClosed, TrimtabError,
    UnknownCandidate, UnknownGPU, UnknownJob, UnknownPipeline, UnknownPlan, UnknownRank, UnknownSession, UnknownTrial,
    UnreadableFile, UnknownFieldWarning,
)
from .requests import Request
from .selection import AsyncPool, AsyncTrial, Pool, Trial

__version__ = "0.1.0"
__all__ = [
    "Assignment", "AsyncPool", "AsyncSession", "AsyncTrial", "AsyncTrimtab", "BusyGPU", "CallTimeout", "Candidate",
    "Certificate", "Characterization", "ContentModified", "Curve", "CurvePlan", "DeadlineBelowMinimum", "Diagnostic",
    "FileOutsideRoots", "FrequencySwitch", "FrontierPoint", "GPU", "GarbledStream", "IncompleteProfile",
    "InternalError", "Interval", "InvalidParams", "InvalidPipeline", "InvalidPool", "InvalidProfile", "InvalidReport",
    "InvalidRepresentation", "InvalidRequest", "Job", "JobPipeline", "LowerBound", "MethodNotFound", "Metric",
    "ModelPart", "NoPool", "NoTrial", "NotCharacterized", "NotInitialized", "ObjectiveOutOfReach", "Outlier",
    "OverlappedBackward", "Overloaded", "ParseError", "Pending", "PipelineDefined", "PipelineDetail",
    "PipelinesReplicated", "Plan", "PlanChange", "PlanDetail", "PlanSeries", "PlanUncertainty", "PlannedInstruction",
    "Point", "Pool", "PoolClusters", "PoolSubmitted", "Prediction", "ProfileRow", "ProfileSubmitted", "RPCError",
    "RankBusyTime", "RankPlace", "RankTimeline", "Ranking", "Request", "RequestCancelled", "RequestFailed", "Sample",
    "Saving", "Savings", "SearchBegun", "Segment", "SelectionTask", "ServerExited", "Session", "SessionExport",
    "SessionOpened", "SessionSummary", "SlowRank", "StagePlan", "Straggler", "StragglerReported", "SuggestedPipelines",
    "SuggestionReport", "TableCounts", "TableName", "Timeline", "TimelineInstruction", "TimelineTotals", "Trial",
    "TrialClosed", "TrialDecision", "TrialEnded", "Trimtab", "TrimtabError", "UnknownCandidate", "UnknownFieldWarning",
    "UnknownGPU", "UnknownJob", "UnknownPipeline", "UnknownPlan", "UnknownRank", "UnknownSession", "UnknownTrial",
    "UnreadableFile", "Wait", "Withdrawal", "plan_changed",
]
