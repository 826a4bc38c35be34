internal import Basics
package import EnergyFrontier
internal import JSON

/// Iterations of a pipeline that were measured while it ran one plan.
package struct IterationsReport: Sendable {
  /// The plan that ran.
  package enum RunPlan: Sendable {
    /// What the pipeline runs now.
    case current
    case number(Int, generation: Int?)
    case settings([PlanSetting])
  }

  package struct Iteration: Sendable {
    package var timeSeconds: Double?
    /// Joules of all devices.
    package var energyJoules: Double?
    package var busySeconds: [Double]?
    /// Joules of one device of each rank.
    package var rankEnergiesJoules: [Double]?
    package var trace: [Span]?
    package var step: Int?

    package init() {}
  }

  /// One instruction as it ran.
  package struct Span: Sendable {
    package let subject: PlanSetting.Subject
    package let startSeconds: Double
    package let endSeconds: Double

    package init(_ subject: PlanSetting.Subject, startSeconds: Double, endSeconds: Double) {
      self.subject = subject
      self.startSeconds = startSeconds
      self.endSeconds = endSeconds
    }
  }

  package var pipeline: String
  package var plan: RunPlan
  package var iterations: [Iteration]
  /// Whether frontiers are computed with the correction from now on.
  package var adopts: Bool
  /// Whether earlier iterations are dropped first.
  package var forgets: Bool

  package init(
    pipeline: String, plan: RunPlan, iterations: [Iteration], adopts: Bool = true, forgets: Bool = false
  ) {
    self.pipeline = pipeline
    self.plan = plan
    self.iterations = iterations
    self.adopts = adopts
    self.forgets = forgets
  }
}

/// What measured iterations say of a pipeline's model.
package struct IterationsSummary: Sendable {
  package let iterationCount: Int
  package let review: ModelReview
  /// The step of training from which on the machine is another one, where clients said which steps they report.
  package let changedFromStep: Int?
  package let isAdopted: Bool
  /// Whether the frontier is being computed again in the background.
  package let isRecomputed: Bool
}

extension SessionState {
  /// Takes measured iterations, reviews the model by all that are kept, and corrects it where that was asked for.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, `incompleteProfile`, `notCharacterized`, `unknownPlan`,
  ///   `invalidPlan`, `unknownRank` or `implausibleReport`; nothing has changed then.
  /// - Complexity: that of ``ModelReview``.
  package mutating func report(_ report: IterationsReport) throws(RequestError) -> StepResult<IterationsSummary> {
    let index = try sourceIndex(report.pipeline)
    let pipeline = pipelines[index]
    var inputs = try FrontierInputs(pipeline.definition, profiles[ExactString(pipeline.name)] ?? Profile())
    if let estimate = pipeline.frontierOrigin?.estimate {
      do throws(FrontierError) {
        inputs = try inputs.estimated(as: estimate, progress: ProgressHandle())
      } catch {
        throw .cancelled
      }
    }
    let measurements = try measurements(report, pipeline, inputs)
    let reader = IterationReader(inputs, measurements)
    var iterations: [(observation: IterationObservation, step: Int?)] = []
    for (number, iteration) in report.iterations.enumerated() {
      iterations.append((try reader.observation(iteration, at: "iterations[\(number)]"), iteration.step))
    }
    var observed = report.forgets ? ObservedIterations() : pipeline.observed
    observed.add(measurements, iterations)
    observed.adopts = report.adopts
    let (plans, sequence) = observed.byPlan
    let review = ModelReview(
      inputs.problem, ranks: pipeline.definition.rankOrders, observed: plans, sequence: sequence)
    let correction = report.adopts && !review.correction.isNone ? review.correction : nil
    // A corrected model that cannot be computed refuses the report before anything changes.
    _ = try FrontierInputs(
      pipeline.definition, profiles[ExactString(pipeline.name)] ?? Profile(), corrected: correction)
    let changes = correction != pipeline.correction
    let follows = changes && pipeline.frontierOrigin?.follows ?? false
    pipelines[index].observed = observed
    if changes {
      pipelines[index].correction = correction
      pipelines[index].inputRevision = revision
    }
    return StepResult(
      IterationsSummary(
        iterationCount: observed.entries.count, review: review,
        changedFromStep: review.changedFrom.flatMap { observed.entries[$0].step }, isAdopted: correction != nil,
        isRecomputed: follows),
      events: follows ? [.inputsChanged(pipeline: pipeline.name)] : [])
  }

  /// For each instruction the measurement that the plan of a report gives it.
  private func measurements(
    _ report: IterationsReport, _ pipeline: Pipeline, _ inputs: FrontierInputs
  ) throws(RequestError) -> [Int] {
    let number: Int
    switch report.plan {
    case .settings(let settings): return try inputs.measurements(of: settings)
    case .number(let asked, let generation):
      let frontier = try currentFrontier(of: report.pipeline).characterized
      number = try frontier.plan(PlanReference(.number(asked), generation: generation)).number
    case .current:
      let (job, member) = try place(of: report.pipeline)
      guard let choice = jobs[job].members[member].choice else { throw .notCharacterized(report.pipeline) }
      number = choice.plan
    }
    let frontier = try currentFrontier(of: report.pipeline).characterized
    let old = frontier.measurements(of: frontier.frontier.plans[number])
    // The profile may have changed since the frontier was computed.
    let places = inputs.settings.map { settings in
      Dictionary(settings.enumerated().map { ($0.element.canonicalSetting, $0.offset) }) { first, _ in first }
    }
    return try old.enumerated().map { (instruction, measurement) throws(RequestError) in
      let table = inputs.problem.tableOfInstruction[instruction]
      let setting = frontier.inputs.settings[table][measurement]
      if let place = places[table][setting.canonicalSetting] { return place }
      throw RequestError(
        .unknownPlan, path: "plan", expected: "a plan whose frequencies are all in the profile",
        found: "\(setting.preview()), which was withdrawn", fix: "compute the frontier again, or submit it again")
    }
  }
}

/// Reads measured iterations of one plan and refuses what cannot be right.
private struct IterationReader {
  private let definition: PipelineDefinition
  private let plannedBusySeconds: [Double]
  private let subjects: PlanSubjects

  init(_ inputs: FrontierInputs, _ measurements: [Int]) {
    definition = inputs.definition
    var busy = [Double](repeating: 0, count: inputs.definition.rankCount)
    for (number, instruction) in inputs.definition.instructions.enumerated() {
      busy[inputs.definition.rankOfStage[instruction.table.stage]] +=
        inputs.problem.tables[inputs.problem.tableOfInstruction[number]].measurements[measurements[number]].timeSeconds
    }
    plannedBusySeconds = busy
    subjects = PlanSubjects(inputs.definition)
  }

  func observation(
    _ iteration: IterationsReport.Iteration, at path: String
  ) throws(RequestError) -> IterationObservation {
    let traced = try iteration.trace.map { (trace) throws(RequestError) in try read(trace, at: path) }
    guard let seconds = iteration.timeSeconds ?? traced?.seconds else {
      throw RequestError(
        .implausibleReport, path: path + ".iterationTimeSeconds", expected: "a time, or a trace", found: "neither",
        fix: "send one of the two")
    }
    try check(iteration.rankEnergiesJoules, at: path + ".rankEnergiesJoules")
    try check(iteration.busySeconds, at: path + ".busyTimesSeconds")
    let busy = iteration.busySeconds ?? traced?.busySeconds
    if let busy { try check(busy: busy, lasting: seconds, at: path) }
    let energy =
      iteration.energyJoules
      ?? iteration.rankEnergiesJoules.map { joules in
        zip(joules, definition.rankDeviceCounts).reduce(0) { $0 + $1.0 * Double($1.1) }
          * Double(definition.deviceMultiplicity)
      }
    return IterationObservation(iterationTimeSeconds: seconds, energyJoules: energy, rankBusySeconds: busy)
  }

  private func check(_ values: [Double]?, at path: String) throws(RequestError) {
    guard let values, values.count != definition.rankCount else { return }
    throw RequestError(
      .unknownRank, path: path, expected: "\(definition.rankCount) numbers, one for each rank",
      found: "\(values.count)", fix: "send one for each rank")
  }

  private func check(busy: [Double], lasting seconds: Double, at path: String) throws(RequestError) {
    for (rank, (planned, measured)) in zip(plannedBusySeconds, busy).enumerated() {
      if measured > 1.01 * seconds {
        throw RequestError(
          .implausibleReport, path: path + ".busyTimesSeconds[\(rank)]",
          expected: "at most the iteration's \(seconds) s", found: "\(measured) s",
          fix: "add up the durations of the rank's own instructions in one iteration")
      }
      if planned > 0, measured == 0 {
        throw RequestError(
          .implausibleReport, path: path + ".busyTimesSeconds[\(rank)]",
          expected: "a time for a rank that runs instructions", found: "0", fix: "leave busyTimesSeconds out")
      }
    }
    guard busy.count > 1, let least = busy.min(), least >= 0.99 * seconds,
      plannedBusySeconds.contains(where: { $0 < 0.9 * (plannedBusySeconds.max() ?? 0) })
    else { return }
    throw RequestError(
      .implausibleReport, path: path + ".busyTimesSeconds",
      expected: "the time that each rank worked, waiting for other ranks left out",
      found: "the time of the whole iteration on every rank",
      fix: "add up the durations of each rank's own instructions, or leave busyTimesSeconds out")
  }

  /// The time of an iteration and how long each rank worked in it, from its instructions.
  private func read(
    _ trace: [IterationsReport.Span], at path: String
  ) throws(RequestError) -> (seconds: Double, busySeconds: [Double]) {
    var busy = [Double](repeating: 0, count: definition.rankCount)
    var isSeen = [Bool](repeating: false, count: definition.instructions.count)
    for (number, span) in trace.enumerated() {
      let place = path + ".trace[\(number)]"
      guard let found = subjects.instructions(span.subject), found.count == 1 else {
        throw RequestError(
          .implausibleReport, path: place,
          expected: "one instruction of the pipeline, by id or by stage, instruction "
            + "and microbatch", found: "\(subjects.instructions(span.subject)?.count ?? 0)", fix: "correct the entry")
      }
      guard !isSeen[found[0]] else {
        throw RequestError(
          .implausibleReport, path: place, expected: "each instruction once", found: "it twice",
          fix: "send one iteration in each trace")
      }
      isSeen[found[0]] = true
      busy[definition.rankOfStage[definition.instructions[found[0]].table.stage]] += span.endSeconds - span.startSeconds
    }
    let missing = isSeen.count { !$0 }
    guard missing == 0, let begin = trace.map(\.startSeconds).min(), let end = trace.map(\.endSeconds).max() else {
      throw RequestError(
        .implausibleReport, path: path + ".trace", expected: "every instruction of the iteration",
        found: "\(missing) missing", fix: "send all of them, or iterationTimeSeconds without a trace")
    }
    return (end - begin, busy)
  }
}
