package import JSON
internal import Sessions

/// `plan/changed`: pushed for each pipeline that runs another plan from now on.
package struct PlanChanged: ObjectWritable, Sendable {
  package static let name = "plan/changed"

  /// Why plans were chosen anew.
  package enum Cause: String, Sendable {
    /// A pipeline became slow, or slower.
    case straggler
    /// A pipeline is less slow than it was, or not at all.
    case stragglerEnded
    /// A pipeline of the job has a new frontier.
    case frontier
    /// A pipeline was defined, defined anew or replicated.
    case pipelineDefined
  }

  let change: PlanChange
  /// What all changes of one step share, and what those to one plan share: there may be thousands of them.
  let head: WrittenFields
  let tail: WrittenFields

  package func write(to object: inout ObjectWriter) {
    object.fields(head)
    object.field("pipeline", change.pipeline, "The pipeline.")
    object.field(
      "replica", change.replica,
      "The data-parallel replica; without it all that have no straggler report of their own.")
    object.fields(tail)
  }
}

/// All changes of plan that one step brings to a job.
package struct PlansChanged: Sendable {
  let session: String
  let job: String
  let slowestTimeSeconds: Double?
  let cause: PlanChanged.Cause
  let changes: [PlanChange]

  /// Calls `body` with each, in order.
  func each(_ body: (PlanChanged) -> Void) {
    let head = WrittenFields { object in
      object.field("session", session, "The session.")
      object.field("job", job, "The job.")
    }
    var last: (change: PlanChange, tail: WrittenFields)?
    for change in changes {
      // Pipelines that share a frontier mostly move to the same plan.
      if last?.change.isSamePlan(as: change) != true { last = (change, tail(change)) }
      if let last { body(PlanChanged(change: change, head: head, tail: last.tail)) }
    }
  }

  private func tail(_ change: PlanChange) -> WrittenFields {
    WrittenFields { object in
      object.field("generation", change.choice.generation, "The frontier that the plan belongs to.")
      object.field("plan", change.choice.plan, "The plan to run from the next iteration on; see plan/get.")
      object.field("iterationTimeSeconds", change.iterationTimeSeconds, "Its iteration time as planned.")
      object.field("slowestTimeSeconds", slowestTimeSeconds, "What the slowest pipeline of the job needs, T'.")
      object.field(
        "cause", cause.rawValue, "`straggler`, `stragglerEnded`, `frontier` (a new one), or `pipelineDefined`.")
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
