"""Client of the Trimtab sidecar: a blocking `Trimtab` and an asyncio `AsyncTrimtab` with the same methods."""

from .answers import (
    GPU, Certificate, Characterization, Curve, CurvePlan, FrontierPoint, Job, JobPipeline, LowerBound, Plan,
    PlanChange, PlanDetail, PipelineDefined, PipelinesReplicated, PlannedInstruction, Point, ProfileRow,
    ProfileSubmitted, RankBusyTime, RankPlace, Saving, Savings, SessionExport, SessionOpened, SessionSummary, SlowRank, StagePlan,
    Straggler, StragglerReported, TableCounts, TableName, plan_changed,
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
    "CurvePlan", "DeadlineBelowMinimum", "FileOutsideRoots", "FrontierPoint", "GPU", "GarbledStream",
    "IncompleteProfile", "InternalError", "InvalidParams", "InvalidPipeline", "InvalidProfile", "InvalidRequest",
    "LowerBound", "MethodNotFound", "NotCharacterized", "NotInitialized", "ObjectiveOutOfReach", "Overloaded",
    "ParseError", "Pending", "PipelineDefined", "Plan", "PlanDetail", "PlannedInstruction", "Point", "ProfileRow",
    "ProfileSubmitted", "RPCError", "Request", "RequestCancelled", "RequestFailed", "ServerExited", "Session",
    "SessionExport", "SessionOpened", "SessionSummary", "StagePlan", "TableCounts", "TableName", "Trimtab",
    "TrimtabError", "UnknownGPU", "UnknownPipeline", "UnknownPlan", "UnknownSession", "UnreadableFile",
    "Job", "JobPipeline", "PipelinesReplicated", "PlanChange", "RankBusyTime", "RankPlace", "Saving", "Savings", "SlowRank",
    "Straggler", "StragglerReported", "UnknownJob", "UnknownRank", "plan_changed",
]
