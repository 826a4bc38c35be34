internal import EnergyFrontier
package import JSON
package import Sessions

/// `straggler/report`: a pipeline is slower than planned, or no longer.
package enum StragglerReport: SessionStep {
  package static let name = "straggler/report"
  package static let purpose =
    "Tells that a pipeline, one of its data-parallel replicas, or one of its ranks is slower than planned, or is so no longer. The slowest pipeline sets the pace of its job and runs its fastest plan; each other one moves to its cheapest plan that is done by then. What changes is pushed as plan/changed. A later report on the same replaces the earlier one; of several stragglers the worst counts."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .unknownRank, .unknownPlan, .notCharacterized,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let replica: Int?
    let rank: Int?
    let globalRank: Int?
    let slowdownFraction: Double?
    let iterationTimeSeconds: Double?
    let busyTimesSeconds: [Double]?
    let rankSlowdownFractions: [Double]?
    let plan: Int?
    let generation: Int?
    let toleranceFraction: Double
    let ended: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      replica = try reader.optional(
        "replica", .integer(in: 0...65_535),
        "The data-parallel replica, from 0, of a pipeline that stands for several; all of them without it.")
      rank = try reader.optional(
        "rank", .integer(in: 0...4095), "The pipeline rank that is slow; beside slowdownFraction or ended.")
      globalRank = try reader.optional(
        "globalRank", .integer(in: 0...Int.max),
        "Instead of rank and replica, by the pipeline's `rankOrder` or `rankMap`; beside slowdownFraction or ended.")
      slowdownFraction = try reader.optional(
        "slowdownFraction", .number(in: 0...1e6),
        "How much longer than planned its work lasts: 0.2 is 20 % longer, 0 is as planned.")
      iterationTimeSeconds = try reader.optional(
        "iterationTimeSeconds", .positive,
        "Or how long its iteration lasts at its fastest plan, without waiting for other pipelines.")
      busyTimesSeconds = try reader.optional(
        "busyTimesSeconds", .list(of: .number(in: 0...1e30), count: 1...4096),
        "Or for each rank the seconds it really worked in an iteration, waiting for others left out. Ranks that only wait are thereby no stragglers."
      )
      rankSlowdownFractions = try reader.optional(
        "rankSlowdownFractions", .list(of: .number(in: 0...1e6), count: 1...4096),
        "Or for each rank how much longer than planned its work lasts.")
      plan = try reader.optional(
        "plan", .integer(in: 0...Int.max), "The plan that ran when busyTimesSeconds were taken; by default the current."
      )
      generation = try reader.optional(
        "generation", .integer(in: 1...Int.max), "Refuse unless this frontier is still the current one.")
      toleranceFraction = try reader.optional(
        "toleranceFraction", .number(in: 0...1e6), default: 0.02,
        "By how much a busy time may exceed the plan's without being slow.")
      ended = try reader.optional(
        "ended", .bool, default: false,
        "That it is as fast as planned again: all that was reported of it is forgotten, with `rank` what was of the rank."
      )
      let given = [
        slowdownFraction != nil, iterationTimeSeconds != nil, busyTimesSeconds != nil, rankSlowdownFractions != nil,
        ended,
      ].count { $0 }
      try reader.check(
        given == 1, "slowdownFraction",
        expected:
          "exactly one of slowdownFraction, iterationTimeSeconds, busyTimesSeconds, rankSlowdownFractions and ended")
      try reader.check(
        (rank == nil && globalRank == nil) || slowdownFraction != nil || ended, "rank",
        expected: "slowdownFraction or ended beside rank or globalRank")
      try reader.check(
        globalRank == nil || (rank == nil && replica == nil), "globalRank", expected: "no rank or replica beside it")
      try reader.check(
        plan == nil || busyTimesSeconds != nil, "plan", expected: "busyTimesSeconds beside plan")
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let (job, member) = try session.place(of: params.pipeline)
    let source = session.pipelines[session.jobs[job].members[member].source]
    try checkPlaces(params, source.definition)
    let place = params.globalRank.flatMap { source.definition.place(ofGlobalRank: $0) }
    // Where there is one replica only, all of them is the same, and a report on the pipeline then is about the same.
    let replica = place.map { source.definition.dataParallelWidth > 1 ? $0.replica : nil } ?? params.replica
    if let generation = params.generation {
      guard generation == source.frontier?.generation else {
        throw RequestError(
          .unknownPlan, path: "generation",
          expected: source.frontier.map { "\($0.generation), the current generation" } ?? "no generation yet",
          found: "\(generation)", fix: "report against the current plan; see job/get")
      }
    }
    var straggler = session.jobs[job].straggler(params.pipeline, replica: replica)
    var busy: BusyTimes?
    if let rank = place?.rank ?? params.rank {
      straggler.rankSlowdownFractions[rank] = params.slowdownFraction == 0 ? nil : params.slowdownFraction
    } else if let slowdown = params.slowdownFraction {
      straggler.slowdownFraction = slowdown
      straggler.iterationTimeSeconds = nil
    } else if let seconds = params.iterationTimeSeconds {
      straggler.slowdownFraction = 0
      straggler.iterationTimeSeconds = seconds
    } else if let fractions = params.rankSlowdownFractions {
      straggler.rankSlowdownFractions = Dictionary(
        uniqueKeysWithValues: fractions.enumerated().filter { $0.element > 0 }.map { ($0.offset, $0.element) })
    } else if let seconds = params.busyTimesSeconds {
      let choice = straggler.choice ?? session.jobs[job].members[member].choice
      let times = try busyTimes(seconds, params, source, choice)
      straggler.rankSlowdownFractions = times.slowdownFractions
      busy = times
    } else {
      straggler = Straggler(pipeline: params.pipeline, replica: replica)
    }
    let before = session.jobs[job].slowestTimeSeconds ?? 0
    let changes = session.report(straggler, job: job)
    let after = session.jobs[job]
    return StepResult(
      Answer(revision: session.revision, job: after, changeCount: changes.count, busy: busy),
      events: [
        session.planEvent(
          changes, ofJob: after.name,
          cause: after.slowestTimeSeconds ?? 0 < before || straggler.isOver ? .stragglerEnded : .straggler)
      ])
  }

  private static func checkPlaces(_ params: Params, _ definition: PipelineDefinition) throws(RequestError) {
    if let replica = params.replica, replica >= definition.dataParallelWidth {
      throw RequestError(
        .unknownRank, path: "replica", expected: "a replica in 0...\(definition.dataParallelWidth - 1)",
        found: "\(replica)", fix: "raise dataParallelWidth, or name the pipeline that is meant")
    }
    if let globalRank = params.globalRank, globalRank >= definition.worldSize {
      throw RequestError(
        .unknownRank, path: "globalRank", expected: "a global rank in 0...\(definition.worldSize - 1)",
        found: "\(globalRank)", fix: "check the widths in pipeline/define")
    }
    let ranks = definition.rankCount
    if let rank = params.rank, rank >= ranks {
      throw RequestError(
        .unknownRank, path: "rank", expected: "a rank in 0...\(ranks - 1)", found: "\(rank)",
        fix: "count the ranks of the pipeline")
    }
    for (path, count) in [
      ("busyTimesSeconds", params.busyTimesSeconds?.count),
      ("rankSlowdownFractions", params.rankSlowdownFractions?.count),
    ] where count ?? ranks != ranks {
      throw RequestError(
        .unknownRank, path: path, expected: "\(ranks) numbers, one for each rank", found: "\(count ?? 0)",
        fix: "send one for each rank")
    }
  }

  private static func busyTimes(
    _ seconds: [Double], _ params: Params, _ source: SessionState.Pipeline, _ choice: PlanChoice?
  ) throws(RequestError) -> BusyTimes {
    guard let characterized = source.frontier, let choice else {
      throw RequestError(
        .notCharacterized, path: "pipeline", expected: "a pipeline whose frontier has been computed",
        found: "\"\(params.pipeline)\" without a frontier", fix: "send frontier/characterize and wait for its answer")
    }
    let (plan, plans) = (params.plan ?? choice.plan, characterized.frontier.plans)
    guard plans.indices.contains(plan) else {
      throw RequestError(
        .unknownPlan, path: "plan", expected: "a plan in 0...\(plans.count - 1)", found: "\(plan)",
        fix: "see frontier/curve for the plans there are")
    }
    return BusyTimes(seconds, of: plans[plan], in: characterized, toleranceFraction: params.toleranceFraction)
  }

  /// The params, but for the session, of reports that make a straggler entry.
  static func reports(of straggler: Straggler) -> [@Sendable (inout ObjectWriter) -> Void] {
    func report(_ field: @escaping @Sendable (inout ObjectWriter) -> Void) -> @Sendable (inout ObjectWriter) -> Void {
      { params in
        params.field("pipeline", straggler.pipeline)
        params.field("replica", straggler.replica)
        field(&params)
      }
    }
    var reports: [@Sendable (inout ObjectWriter) -> Void] = []
    if straggler.slowdownFraction > 0 {
      reports.append(report { $0.field("slowdownFraction", straggler.slowdownFraction) })
    }
    if let seconds = straggler.iterationTimeSeconds {
      reports.append(report { $0.field("iterationTimeSeconds", seconds) })
    }
    for (rank, fraction) in straggler.rankSlowdownFractions.sorted(by: { $0.key < $1.key }) {
      reports.append(
        report {
          $0.field("rank", rank)
          $0.field("slowdownFraction", fraction)
        })
    }
    return reports
  }

  package struct Answer: ObjectWritable {
    let revision: Int
    let job: LockstepJob
    let changeCount: Int
    let busy: BusyTimes?

    package func write(to object: inout ObjectWriter) {
      object.field("revision", revision, "Counts the session's accepted changes.")
      object.field("job", job.name, "The job of the pipeline.")
      object.field(
        "slowestTimeSeconds", job.slowestTimeSeconds,
        "What the slowest pipeline of the job needs now, T'; once a frontier has been computed.")
      object.field("stragglerCount", job.stragglers.count, "Pipelines and replicas reported slow now.")
      object.field("changeCount", changeCount, "Changes of plan, each pushed as plan/changed.")
      if let busy {
        object.list("ranks", busy.ranks, "What the busy times tell of each rank.") { rank, entry in
          entry.field("plannedSeconds", rank.plannedSeconds, "How long its instructions take as planned.")
          entry.field("busySeconds", rank.measuredSeconds, "How long they took.")
          entry.field("slowdownFraction", rank.slowdownFraction, "The latter over the former, less 1.")
          entry.field("isSlow", rank.slowdownFraction > busy.toleranceFraction, "Whether it is slow by itself.")
        }
      }
    }
  }
}
