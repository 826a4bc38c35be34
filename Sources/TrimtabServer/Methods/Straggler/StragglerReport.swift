package import JSON
package import Sessions

/// `straggler/report`: a pipeline is slower than planned, or no longer.
package enum StragglerReport: InPlaceStep {
  package static let name = "straggler/report"
  package static let purpose =
    """
    Reports that a pipeline, one of its data-parallel replicas, or one of its ranks is slower than planned, or is so \
    no longer. The slowest pipeline determines the iteration time of its job and runs its fastest plan; every other \
    one moves to its cheapest plan that ends by then. Changes of plan are pushed as plan/changed. A later report on \
    the same thing replaces the earlier one; of several stragglers the slowest counts.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .unknownRank, .unknownPlan, .notCharacterized,
    .implausibleReport,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let report: SlownessReport

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let pipeline = try reader.pipeline()
      let replica = try reader.optional(
        "replica", .integer(in: 0...65_535),
        "The data-parallel replica, from 0, of a pipeline that stands for several; all of them without it.")
      let rank = try reader.optional(
        "rank", .integer(in: 0...4095), "The pipeline rank that is slow; beside slowdownFraction or ended.")
      let globalRank = try reader.optional(
        "globalRank", .integer(in: 0...Int.max),
        "Instead of rank and replica, by the pipeline's `rankOrder` or `rankMap`; beside slowdownFraction or ended.")
      let slowness = try SlownessFields(from: &reader)
      let generation = try reader.generation()
      try reader.check(
        rank == nil || slowness.isOfOneRank, "rank", expected: "slowdownFraction or ended beside rank")
      try reader.check(
        globalRank == nil || slowness.isOfOneRank, "globalRank", expected: "slowdownFraction or ended beside globalRank"
      )
      try reader.check(
        globalRank == nil || (rank == nil && replica == nil), "globalRank", expected: "no rank or replica beside it")
      report = SlownessReport(
        pipeline: pipeline,
        subject: globalRank.map(SlownessReport.Subject.globalRank) ?? .replica(replica, rank: rank),
        slowness: slowness.value, generation: generation)
    }
  }

  package typealias Answer = Revised<StragglerSummary>

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    try session.report(params.report).map { Revised(session.revision, $0) }
  }
}

/// The fields that say how slow something is, exactly one of them.
private struct SlownessFields {
  let value: SlownessReport.Slowness

  /// Whether it may be said of one rank.
  var isOfOneRank: Bool {
    switch value {
    case .slowdownFraction, .ended: true
    case .iterationTimeSeconds, .busyTimesSeconds, .rankSlowdownFractions: false
    }
  }

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let slowdown = try reader.optional(
      "slowdownFraction", .number(in: 0...Straggler.largestSlowdownFraction),
      "How much longer than planned its work lasts: 0.2 is 20 % longer, 0 is as planned.")
    let iterationTime = try reader.optional(
      "iterationTimeSeconds", .positive,
      "Or how long its iteration lasts at its fastest plan, without waiting for other pipelines.")
    let busyTimes = try reader.optional(
      "busyTimesSeconds", .list(of: .number(in: 0...1e30), count: 1...4096),
      """
      Or for each rank the time it really worked in an iteration, without waiting for others. A rank that only waits \
      is no straggler. The same time on every rank, as long as the iteration, is refused: it includes waiting.
      """
    )
    let rankSlowdowns = try reader.optional(
      "rankSlowdownFractions", .list(of: .number(in: 0...Straggler.largestSlowdownFraction), count: 1...4096),
      "Or for each rank how much longer than planned its work lasts.")
    let plan = try reader.optional(
      "plan", .integer(in: 0...Int.max),
      "The plan that ran when busyTimesSeconds were taken; by default the current one."
    )
    let tolerance = try reader.optional(
      "toleranceFraction", .number(in: 0...1e6), default: 0.02,
      "How far a busy time may exceed the plan's before the rank counts as slow.")
    let ended = try reader.optional(
      "ended", .bool, default: false,
      "Clears earlier reports: of the whole pipeline or replica, or with `rank` only of that rank.")
    let given: [SlownessReport.Slowness] = [
      slowdown.map(SlownessReport.Slowness.slowdownFraction),
      iterationTime.map(SlownessReport.Slowness.iterationTimeSeconds),
      busyTimes.map { .busyTimesSeconds($0, plan: plan, toleranceFraction: tolerance) },
      rankSlowdowns.map(SlownessReport.Slowness.rankSlowdownFractions), ended ? .ended : nil,
    ].compactMap { $0 }
    try reader.check(
      given.count == 1, "slowdownFraction",
      expected:
        "exactly one of slowdownFraction, iterationTimeSeconds, busyTimesSeconds, rankSlowdownFractions and ended")
    try reader.check(plan == nil || busyTimes != nil, "plan", expected: "busyTimesSeconds beside plan")
    value = given.first ?? .ended
  }
}

extension StragglerSummary: AnswerObject {
  package static let fields = Fields<StragglerSummary> {
    Field("job", "The job of the pipeline.") { $0.job }
    Field(
      "slowestTimeSeconds",
      "What the slowest pipeline of the job needs now, T'; absent until a frontier has been computed."
    ) { $0.slowestTimeSeconds }
    Field("stragglerCount", "Pipelines and replicas that are reported slow now.") { $0.stragglerCount }
    Field("changeCount", "Changes of plan, each pushed as plan/changed.") { $0.changeCount }
    Field("ranks", "What the busy times say of each rank; absent for other reports.") { $0.ranks }
  }
}

extension BusyTimes.Rank: AnswerObject {
  package static let fields = Fields<BusyTimes.Rank> {
    Field("plannedSeconds", "How long its instructions take as planned.") { $0.plannedSeconds }
    Field("busySeconds", "How long they took.") { $0.measuredSeconds }
    Field("slowdownFraction", "The latter over the former, less 1; 0 for a rank without instructions.") {
      $0.slowdownFraction
    }
    Field("isSlow", "Whether it is slow by itself.") { $0.isSlow }
  }
}
