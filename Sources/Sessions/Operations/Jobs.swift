internal import Basics

/// A job: what each of its pipelines runs, and what is reported slow.
package struct JobDescription: Sendable {
  package let name: String
  /// What the slowest pipeline needs at its fastest plan, T'; nil until a frontier has been computed.
  package let slowestTimeSeconds: Double?
  /// By name.
  package let pipelines: [Pipeline]
  /// By pipeline and replica.
  package let stragglers: [Straggler]

  package struct Pipeline: Sendable {
    package let name: String
    /// The pipeline whose definition and frontier it shares; nil where it has its own.
    package let source: String?
    package let plan: RunningPlan?
  }

  package struct Straggler: Sendable {
    package let report: Sessions.Straggler
    /// By rank.
    package let ranks: [SlowRank]
    /// The plan of the replica, where the report is about one.
    package let plan: RunningPlan?
  }

  package struct SlowRank: Sendable {
    package let rank: Int
    package let slowdownFraction: Double
  }

  /// The plan that a pipeline, or a replica of it, runs now.
  package struct RunningPlan: Sendable {
    package let choice: PlanChoice
    package let iterationTimeSeconds: Double
    /// Joules of all devices until the iteration ends.
    package let energyJoules: Double
  }
}

extension SessionState {
  /// What each pipeline of a job runs now. O(members + stragglers).
  ///
  /// - Throws: ``RequestError`` of kind `unknownJob`.
  package func job(_ name: String) throws(RequestError) -> JobDescription {
    let job = jobs[try jobIndex(name, path: "job")]
    return JobDescription(
      name: job.name, slowestTimeSeconds: job.slowestTimeSeconds,
      pipelines: job.members.map { member in
        let source = pipelines[member.source].name
        return JobDescription.Pipeline(
          name: member.name, source: ExactString(member.name) == ExactString(source) ? nil : source,
          plan: runningPlan(member, member.choice))
      },
      stragglers: job.stragglers.map { straggler in
        let member = straggler.replica == nil ? nil : job.memberIndex(straggler.pipeline)
        return JobDescription.Straggler(
          report: straggler,
          ranks: straggler.rankSlowdownFractions.sorted { $0.key < $1.key }.map {
            JobDescription.SlowRank(rank: $0.key, slowdownFraction: $0.value)
          },
          plan: member.flatMap { runningPlan(job.members[$0], straggler.choice) })
      })
  }

  /// Where a job that has pipelines stands in `jobs`.
  ///
  /// - Parameter path: the field that names it.
  /// - Throws: ``RequestError`` of kind `unknownJob`.
  func jobIndex(_ name: String, path: String) throws(RequestError) -> Int {
    if let index = jobNumbers[ExactString(name)], !jobs[index].members.isEmpty { return index }
    let known = jobs.lazy.filter { !$0.members.isEmpty }.map(\.name)
    throw RequestError(
      .unknownJob, path: path,
      expected: known.isEmpty
        ? "the name of a job; no pipeline is defined yet" : "one of " + Preview.list(Array(known)),
      found: Preview.quoted(name), fix: "name it in pipeline/define")
  }

  /// Members of a job; 0 where there is none of that name.
  package func memberCount(ofJob name: String) -> Int {
    jobNumbers[ExactString(name)].map { jobs[$0].members.count } ?? 0
  }

  private func runningPlan(_ member: LockstepJob.Member, _ choice: PlanChoice?) -> JobDescription.RunningPlan? {
    guard let choice else { return nil }
    let change = change(of: member, replica: nil, to: choice)
    return JobDescription.RunningPlan(
      choice: choice, iterationTimeSeconds: change.iterationTimeSeconds, energyJoules: change.energyJoules)
  }
}
