internal import Basics
internal import EnergyFrontier

/// A report that a pipeline, a replica or a rank of it is slower than planned, or no longer.
package struct SlownessReport: Sendable {
  /// What is slow.
  package enum Subject: Sendable {
    /// A data-parallel replica, or all of them where nil; or a rank of them.
    case replica(Int?, rank: Int?)
    case globalRank(Int)
  }

  /// How slow it is.
  package enum Slowness: Sendable {
    case slowdownFraction(Double)
    case iterationTimeSeconds(Double)
    /// For each rank the seconds it worked, while `plan` ran, or the current plan where that is nil.
    case busyTimesSeconds([Double], plan: Int?, toleranceFraction: Double)
    case rankSlowdownFractions([Double])
    case ended
  }

  package var pipeline: String
  package var subject: Subject
  package var slowness: Slowness
  /// The frontier that the reporter runs plans of, where it said so.
  package var generation: Int?

  package init(pipeline: String, subject: Subject, slowness: Slowness, generation: Int? = nil) {
    self.pipeline = pipeline
    self.subject = subject
    self.slowness = slowness
    self.generation = generation
  }
}

/// A job after a straggler report.
package struct StragglerSummary: Sendable {
  package let job: String
  /// What the slowest pipeline of the job needs, T'; nil until a frontier has been computed.
  package let slowestTimeSeconds: Double?
  /// Pipelines and replicas that are reported slow.
  package let stragglerCount: Int
  /// Changes of plan that the report caused.
  package let changeCount: Int
  /// What busy times say of each rank, where the report had them.
  package let ranks: [BusyTimes.Rank]?
}

extension SessionState {
  /// Takes a straggler report and chooses the plans of the job again.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, `unknownRank`, `unknownPlan`, `notCharacterized` or
  ///   `implausibleReport`; nothing has changed then.
  /// - Complexity: O(members + stragglers log plans), and a longest path for each straggler reported by rank.
  package mutating func report(_ report: SlownessReport) throws(RequestError) -> StepResult<StragglerSummary> {
    let (job, member) = try place(of: report.pipeline)
    let source = pipelines[jobs[job].members[member].source]
    let (replica, rank) = try report.subject.resolved(in: source.definition)
    if let generation = report.generation, generation != source.frontier?.generation {
      throw RequestError(
        .unknownPlan, path: "generation",
        expected: source.frontier.map { "\($0.generation), the current generation" } ?? "no generation yet",
        found: "\(generation)", fix: "report against the current plan; see job/get")
    }
    var straggler = jobs[job].straggler(report.pipeline, replica: replica)
    var busy: BusyTimes?
    switch (report.slowness, rank) {
    case (.ended, nil): straggler = Straggler(pipeline: report.pipeline, replica: replica)
    case (.ended, let rank?): straggler.rankSlowdownFractions[rank] = nil
    case (.slowdownFraction(let slowdown), nil):
      straggler.slowdownFraction = slowdown
      straggler.iterationTimeSeconds = nil
    case (.slowdownFraction(let slowdown), let rank?):
      straggler.rankSlowdownFractions[rank] = slowdown == 0 ? nil : slowdown
    case (.iterationTimeSeconds(let seconds), _):
      straggler.slowdownFraction = 0
      straggler.iterationTimeSeconds = seconds
    case (.rankSlowdownFractions(let fractions), _):
      try source.definition.check(fractions, "rankSlowdownFractions")
      straggler.rankSlowdownFractions = Dictionary(
        uniqueKeysWithValues: fractions.enumerated().filter { $0.element > 0 }.map { ($0.offset, $0.element) })
    case (.busyTimesSeconds(let seconds, let plan, let tolerance), _):
      try source.definition.check(seconds, "busyTimesSeconds")
      let choice = straggler.choice ?? jobs[job].members[member].choice
      let (characterized, number) = try source.runPlan(plan, choice, of: report.pipeline)
      let times = BusyTimes(
        seconds, of: characterized.frontier.plans[number], in: characterized, toleranceFraction: tolerance)
      if times.isIterationTime { throw .iterationTimeAsBusyTimes(seconds) }
      straggler.rankSlowdownFractions = times.slowdownFractions
      busy = times
    }
    let before = jobs[job].slowestTimeSeconds ?? 0
    let changes = self.report(straggler, job: job)
    let after = jobs[job]
    let isFaster = after.slowestTimeSeconds ?? 0 < before || straggler.isOver
    return StepResult(
      StragglerSummary(
        job: after.name, slowestTimeSeconds: after.slowestTimeSeconds, stragglerCount: after.stragglers.count,
        changeCount: changes.count, ranks: busy?.ranks),
      events: [planEvent(changes, ofJob: job, cause: isFaster ? .stragglerEnded : .straggler)])
  }
}

extension SlownessReport.Subject {
  /// The replica, nil for all, and the rank, nil for the whole pipeline. A report on the only replica is one on the
  /// whole pipeline: there is no other that would wait for it.
  fileprivate func resolved(
    in definition: PipelineDefinition
  ) throws(RequestError) -> (replica: Int?, rank: Int?) {
    func check(
      _ value: Int?, below count: Int, _ path: String, _ name: String, fix: String
    ) throws(RequestError) {
      guard let value, value >= count else { return }
      throw RequestError(
        .unknownRank, path: path, expected: "a \(name) in 0...\(count - 1)", found: "\(value)", fix: fix)
    }
    switch self {
    case .replica(let replica, let rank):
      try check(
        replica, below: definition.dataParallelWidth, "replica", "replica",
        fix: "raise dataParallelWidth, or name the pipeline that is meant")
      try check(rank, below: definition.rankCount, "rank", "rank", fix: "count the ranks of the pipeline")
      return (definition.dataParallelWidth > 1 ? replica : nil, rank)
    case .globalRank(let globalRank):
      try check(
        globalRank, below: definition.worldSize, "globalRank", "global rank",
        fix: "check the widths in pipeline/define")
      guard let place = definition.place(ofGlobalRank: globalRank) else { return (nil, nil) }
      return (definition.dataParallelWidth > 1 ? place.replica : nil, place.rank)
    }
  }
}

extension PipelineDefinition {
  fileprivate func check(_ values: [Double], _ path: String) throws(RequestError) {
    guard values.count != rankCount else { return }
    throw RequestError(
      .unknownRank, path: path, expected: "\(rankCount) numbers, one for each rank", found: "\(values.count)",
      fix: "send one for each rank")
  }
}

extension SessionState.Pipeline {
  /// The plan that busy times were taken with.
  fileprivate func runPlan(
    _ asked: Int?, _ choice: PlanChoice?, of pipeline: String
  ) throws(RequestError) -> (CharacterizedFrontier, number: Int) {
    guard let characterized = frontier, let choice else { throw .notCharacterized(pipeline) }
    let (number, plans) = (asked ?? choice.plan, characterized.frontier.plans)
    guard plans.indices.contains(number) else {
      throw RequestError(
        .unknownPlan, path: "plan", expected: "a plan in 0...\(plans.count - 1)", found: "\(number)",
        fix: "list the plans with frontier/curve")
    }
    return (characterized, number)
  }
}

extension RequestError {
  fileprivate static func iterationTimeAsBusyTimes(_ seconds: [Double]) -> RequestError {
    RequestError(
      .implausibleReport, path: "busyTimesSeconds",
      expected: "the time that each rank worked, waiting for other ranks left out",
      found: "\(seconds[0]) s or nearly so on every rank, which is the time of a whole iteration",
      fix: "add up the durations of each rank's own instructions; if all ranks are slow, send slowdownFraction without "
        + "rank")
  }

  static func notCharacterized(_ pipeline: String) -> RequestError {
    RequestError(
      .notCharacterized, path: "pipeline", expected: "a pipeline whose frontier has been computed",
      found: "\(Preview.quoted(pipeline)) without a frontier", fix: "send frontier/characterize and wait for its answer"
    )
  }
}
