package import JSON
internal import JSONRPC
internal import Sessions

/// `plan/changed`: a pipeline runs another plan from now on.
package struct PlanChanged: Notification {
  package static let name = "plan/changed"
  package static let purpose =
    "Says which plan a pipeline, or a data-parallel replica of it, runs from its next iteration on: after the answer of the request that changed it. Each change is a notification of its own."

  /// Why plans were chosen again.
  package enum Cause: String, CaseIterable, Sendable {
    /// A pipeline became slow, or slower.
    case straggler
    /// A pipeline is less slow than it was, or not slow at all.
    case stragglerEnded
    /// A pipeline of the job has a new frontier.
    case frontier
    /// A pipeline was defined or replicated.
    case pipelineDefined
  }

  let change: PlanChange
  /// What all changes of one step share, and what those to one plan share: there may be thousands of them.
  let job: Written<Job>
  let plan: Written<NewPlan>

  package static let fields = Fields<PlanChanged> {
    Field.inline { $0.job }
    Field("pipeline", "The pipeline.") { $0.change.pipeline }
    Field("replica", "The data-parallel replica; absent for all that have no straggler report of their own.") {
      $0.change.replica
    }
    Field.inline { $0.plan }
  }

  struct Job: AnswerObject {
    let session: String
    let job: String

    static let fields = Fields<Job> {
      Field("session", "The session.") { $0.session }
      Field("job", "The job of the pipeline.") { $0.job }
    }
  }

  struct NewPlan: AnswerObject {
    let change: PlanChange
    let slowestTimeSeconds: Double?
    let cause: Cause

    static let fields = Fields<NewPlan> {
      Field("generation", "The frontier that the plan belongs to.") { $0.change.choice.generation }
      Field("plan", "The plan to run from the next iteration on; see plan/get.") { $0.change.choice.plan }
      Field("iterationTimeSeconds", "The plan's iteration time.") { $0.change.iterationTimeSeconds }
      Field("slowestTimeSeconds", "What the slowest pipeline of the job needs, T'.") { $0.slowestTimeSeconds }
      Field(
        "cause",
        "`straggler`: a pipeline became slower; `stragglerEnded`: one is less slow; `frontier`: one has a new frontier; `pipelineDefined`: one was defined or replicated."
      ) { $0.cause }
    }
  }
}

extension PlanChanged.Cause: FieldValue {}

/// All changes of plan that one step brings to a job.
package struct PlansChanged: Sendable {
  let session: String
  let job: String
  let slowestTimeSeconds: Double?
  let cause: PlanChanged.Cause
  let changes: [PlanChange]

  /// Calls `body` with each, in order.
  func each(_ body: (PlanChanged) -> Void) {
    let job = Written(PlanChanged.Job(session: session, job: job))
    var last: (change: PlanChange, plan: Written<PlanChanged.NewPlan>)?
    for change in changes {
      // Pipelines that share a frontier mostly move to the same plan.
      if last?.change.isSamePlan(as: change) != true {
        let plan = PlanChanged.NewPlan(change: change, slowestTimeSeconds: slowestTimeSeconds, cause: cause)
        last = (change, Written(plan))
      }
      if let last { body(PlanChanged(change: change, job: job, plan: last.plan)) }
    }
  }
}

extension SessionState {
  /// Chooses the plans anew of the job that a pipeline with a definition of its own is in.
  mutating func planEvents(ofSource index: Int, cause: PlanChanged.Cause) -> [SessionEvent] {
    guard let (job, _) = membership(pipelines[index].name) else { return [] }
    let changes = choosePlans(ofJob: job)
    return [planEvent(changes, ofJob: jobs[job].name, cause: cause)]
  }

  func planEvent(_ changes: [PlanChange], ofJob name: String, cause: PlanChanged.Cause) -> SessionEvent {
    .plansChanged(
      PlansChanged(
        session: self.name, job: name,
        slowestTimeSeconds: jobs.first { $0.name == name }?.slowestTimeSeconds, cause: cause, changes: changes))
  }

  /// The job that a pipeline is in.
  func jobName(of pipeline: String) -> String? { membership(pipeline).map { jobs[$0.job].name } }

  /// The pipelines that share another's definition, by name.
  func replicas(of pipeline: String) -> [String] {
    guard let (job, member) = membership(pipeline) else { return [] }
    let source = jobs[job].members[member].source
    return jobs[job].members.filter { $0.source == source && $0.name != pipeline }.map(\.name)
  }

  /// Refuses to give a definition to a pipeline that shares another's.
  func checkIsNoReplica(_ name: String) throws(RequestError) {
    guard let (job, member) = membership(name) else { return }
    let source = pipelines[jobs[job].members[member].source].name
    guard source != name else { return }
    throw RequestError(
      .invalidPipeline, path: "pipeline", expected: "a name that no replica of another pipeline has",
      found: "\"\(name)\", a replica of \"\(source)\"", fix: "choose another name")
  }
}
