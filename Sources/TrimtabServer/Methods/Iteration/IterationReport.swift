package import JSON
package import Sessions

/// `iteration/report`: how long iterations really lasted.
package enum IterationReport: InPlaceStep {
  package static let name = "iteration/report"
  package static let purpose =
    """
    Takes measured iterations of a pipeline, and says how far the model of its iterations is off, by what, and from \
    when on the machine is another one. From at least three iterations, of several plans where there are, it finds what \
    transfers and instructions take beyond what was said, ranks that are slow, senders that wait for their receivers, \
    and energies that are off. The frontier is computed with these corrections from then on, unless `adopt` is false. \
    The last 512 iterations count.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .incompleteProfile, .invalidProfile, .notCharacterized, .unknownPlan,
    .invalidPlan, .unknownRank, .implausibleReport,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let report: IterationsReport

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let pipeline = try reader.pipeline()
      let plan = try reader.optional(
        "plan", .integer(in: 0...Int.max), "The plan that ran, by its number; by default the current one.")
      let generation = try reader.generation()
      let settings = try reader.planSettings("Or the plan that ran, as in plan/evaluate; needs no frontier.")
      let iterations = try reader.required(
        "iterations",
        .list(of: Shape<IterationEntry>.object().map(\.iteration), count: 1...ObservedIterations.mostIterations),
        "The iterations, in the order they ran.")
      let adopts = try reader.optional(
        "adopt", .bool, default: true,
        "Whether frontiers are computed with the corrections from now on; false takes earlier ones back.")
      let forgets = try reader.optional(
        "forget", .bool, default: false, "Whether earlier iterations are dropped first, as of another machine.")
      try reader.checkOne(of: ["plan", "settings"], orNone: true)
      try reader.check(generation == nil || plan != nil, "generation", expected: "plan beside generation")
      report = IterationsReport(
        pipeline: pipeline,
        plan: settings.map(IterationsReport.RunPlan.settings) ?? plan.map { .number($0, generation: generation) }
          ?? .current,
        iterations: iterations, adopts: adopts, forgets: forgets)
    }
  }

  package typealias Answer = Revised<IterationsSummary>

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    try session.report(params.report).map { Revised(session.revision, $0) }
  }
}

/// One iteration as the client sends it.
private struct IterationEntry: ObjectReadable {
  let iteration: IterationsReport.Iteration

  init(from reader: inout ObjectReader) throws(InvalidField) {
    var iteration = IterationsReport.Iteration()
    iteration.timeSeconds = try reader.optional(
      "iterationTimeSeconds", .positive, "From its begin to the next one's; or a trace.")
    iteration.energyJoules = try reader.optional("energyJoules", .positive, "Energy of all devices.")
    iteration.busySeconds = try reader.optional(
      "busyTimesSeconds", .list(of: .nonNegative, count: 1...4096),
      "For each rank the time that its own instructions took, waiting left out.")
    iteration.rankEnergiesJoules = try reader.optional(
      "rankEnergiesJoules", .list(of: .positive, count: 1...4096),
      "Instead of energyJoules: for each rank the energy of one of its devices.")
    iteration.trace = try reader.optional(
      "trace", .list(of: Shape<TraceEntry>.object().map(\.span), count: 1...Limits.instructionCount),
      "Every instruction as it ran, from which time and busy times follow where they are not given.")
    iteration.step = try reader.optional("step", .integer(in: 0...Int.max), "The step of training.")
    try reader.check(
      iteration.timeSeconds != nil || iteration.trace != nil, "iterationTimeSeconds", expected: "a time, or a trace")
    try reader.checkOne(of: ["energyJoules", "rankEnergiesJoules"], orNone: true)
    self.iteration = iteration
  }
}

/// One instruction of a trace.
private struct TraceEntry: ObjectReadable {
  let span: IterationsReport.Span

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let id = try reader.optional("id", .text(), "The instruction's id, in an explicit graph; or:")
    let stage = try reader.optional("stage", .integer(in: 0...4095), "The stage, from 0.")
    let kind = try reader.optional("instruction", .text(), "The kind of instruction.")
    let microbatch = try reader.optional("microbatch", .integer(in: 0...65_535), "The microbatch, from 0.")
    let start = try reader.required(
      "startSeconds", .number(in: -1e15...1e15), "When it began, on a clock that all ranks share.")
    let end = try reader.required("endSeconds", .number(in: -1e15...1e15), "When it ended.")
    try reader.check(end >= start, "endSeconds", expected: "no earlier time than startSeconds")
    let subject: PlanSetting.Subject
    if let id {
      subject = .id(id)
    } else {
      guard let stage else { throw reader.fail("stage", expected: "a stage, or an id") }
      guard let kind else { throw reader.fail("instruction", expected: "an instruction, or an id") }
      subject = .table(TableKey(stage: stage, instruction: kind), microbatch: microbatch)
    }
    span = IterationsReport.Span(subject, startSeconds: start, endSeconds: end)
  }
}
