package import JSON
internal import JSONRPC
package import Sessions

/// `plan/changed`: a pipeline runs another plan from now on.
package struct PlanChanged: Notification {
  package static let name = "plan/changed"
  package static let purpose =
    """
    Says which plan a pipeline, or a data-parallel replica of it, runs from its next iteration on: after the answer of \
    the request that changed it. Each change is a notification of its own.
    """

  let revision: Int
  let change: PlanChange
  /// What all changes of one step share, and what those to one plan share: there may be thousands of them.
  let job: Written<JobFields>
  let plan: Written<NewPlan>

  package static let fields = Fields<PlanChanged> {
    Field.inline { $0.job }
    Field("pipeline", "The pipeline.") { $0.change.pipeline }
    Field("replica", "The data-parallel replica; absent for all that have no straggler report of their own.") {
      $0.change.replica
    }
    Field.inline { $0.plan }
  }

  struct JobFields: AnswerObject {
    let session: String
    let revision: Int
    let job: String

    static let fields = Fields<JobFields> {
      Field("session", "The session.") { $0.session }
      Field.revision { $0.revision }
      Field("job", "The job of the pipeline.") { $0.job }
    }
  }

  struct NewPlan: AnswerObject {
    let change: PlanChange
    let slowestTimeSeconds: Double?
    let cause: PlanChanges.Cause

    static let fields = Fields<NewPlan> {
      Field("generation", "The frontier that the plan belongs to.") { $0.change.choice.generation }
      Field("plan", "The plan to run from the next iteration on; see plan/get.") { $0.change.choice.plan }
      Field("iterationTimeSeconds", "The plan's iteration time.") { $0.change.iterationTimeSeconds }
      Field("slowestTimeSeconds", "What the slowest pipeline of the job needs, T'.") { $0.slowestTimeSeconds }
      Field(
        "cause",
        """
        `straggler`: a pipeline became slower; `stragglerEnded`: one is less slow; `frontier`: one has a new frontier; \
        `pipelineDefined`: one was defined or replicated.
        """
      ) { $0.cause }
    }
  }
}

extension PlanChanges.Cause: FieldValue {}

extension PlanChanges {
  /// Calls `body` with the notification of each change, in order.
  func each(_ body: (PlanChanged) -> Void) {
    let job = Written(PlanChanged.JobFields(session: session, revision: revision, job: job))
    var last: (change: PlanChange, plan: Written<PlanChanged.NewPlan>)?
    for change in changes {
      // Pipelines that share a frontier mostly move to the same plan.
      if last?.change.isSamePlan(as: change) != true {
        let plan = PlanChanged.NewPlan(change: change, slowestTimeSeconds: slowestTimeSeconds, cause: cause)
        last = (change, Written(plan))
      }
      if let last { body(PlanChanged(revision: revision, change: change, job: job, plan: last.plan)) }
    }
  }
}
