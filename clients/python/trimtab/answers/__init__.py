"""Typed answers. A field's wire name is its Python name in lowerCamelCase; unknown wire fields are ignored."""

from .sessions import (
    Diagnostic, GPU, GPUCount, Outlier, PipelineDefined, PipelineDetail, ProfileRow, ProfileSubmitted, Sample,
    SessionExport, SessionOpened, SessionSummary, TableCounts, TableName, Withdrawal,
)
from .frontier import (
    Certificate, Characterization, Curve, CurvePlan, FrontierPoint, Interval, LowerBound, OverlappedBackward,
    PipelinesReplicated, Plan, PlanDetail, PlanSeries, PlanUncertainty, PlannedInstruction, Point, RankPlace,
    Saving, Savings, Segment, StagePlan,
)
from .timeline import (
    FrequencySwitch, RankTimeline, Timeline, TimelineInstruction, TimelineTotals, Wait,
)
from .jobs import (
    Job, JobPipeline, PlanChange, RankBusyTime, SlowRank, Straggler, StragglerReported, plan_changed,
)
from .selection import (
    Assignment, Candidate, CandidateCluster, DividedCandidate, EpochCost, Evidence, Excluded, Join, Metric,
    ModelCluster, ModelClusters, ModelPart, NoTrial, Observation, PoolClusters, PoolSubmitted, Prediction,
    Ranking, RepresentationAttached, Resume, SearchCost, SelectionTask, StagePart, StageParts,
    SuggestedPipelines, SuggestionReport, TrainedCandidate, TrialDecision, TrialEnded,
)
from .wire import (
    camel, deeply, named, reader, to_wire,
)

__all__ = [
    "Diagnostic", "GPU", "GPUCount", "Outlier", "PipelineDefined", "PipelineDetail", "ProfileRow",
    "ProfileSubmitted", "Sample", "SessionExport", "SessionOpened", "SessionSummary", "TableCounts",
    "TableName", "Withdrawal", "Certificate", "Characterization", "Curve", "CurvePlan", "FrontierPoint",
    "Interval", "LowerBound", "OverlappedBackward", "PipelinesReplicated", "Plan", "PlanDetail", "PlanSeries",
    "PlanUncertainty", "PlannedInstruction", "Point", "RankPlace", "Saving", "Savings", "Segment", "StagePlan",
    "FrequencySwitch", "RankTimeline", "Timeline", "TimelineInstruction", "TimelineTotals", "Wait", "Job",
    "JobPipeline", "PlanChange", "RankBusyTime", "SlowRank", "Straggler", "StragglerReported", "plan_changed",
    "Assignment", "Candidate", "CandidateCluster", "DividedCandidate", "EpochCost", "Evidence", "Excluded",
    "Join", "Metric", "ModelCluster", "ModelClusters", "ModelPart", "NoTrial", "Observation", "PoolClusters",
    "PoolSubmitted", "Prediction", "Ranking", "RepresentationAttached", "Resume", "SearchCost", "SelectionTask",
    "StagePart", "StageParts", "SuggestedPipelines", "SuggestionReport", "TrainedCandidate", "TrialDecision",
    "TrialEnded", "camel", "deeply", "named", "reader", "to_wire",
]
