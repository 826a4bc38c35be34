internal import Basics
package import EnergyFrontier

/// Measured iterations of a pipeline, the oldest first.
package struct ObservedIterations: Sendable, Equatable {
  /// What is kept; older ones make room.
  package static let mostIterations = 512

  package struct Entry: Sendable, Equatable {
    /// An index into ``plans``.
    package fileprivate(set) var plan: Int
    package let observation: IterationObservation
    /// The step of training, where the client said which.
    package let step: Int?
  }

  /// For each plan and instruction the measurement, an index into its table of the profile.
  package private(set) var plans: [[UInt16]] = []
  package private(set) var entries: [Entry] = []
  /// Whether frontiers are computed with the corrections that are found.
  package var adopts = true

  package init() {}

  /// Adds iterations of one plan. O(kept plans x instructions).
  mutating func add(_ measurements: [Int], _ iterations: [(observation: IterationObservation, step: Int?)]) {
    let plan = measurements.map { UInt16($0) }
    let number = plans.firstIndex(of: plan) ?? plans.count
    if number == plans.count { plans.append(plan) }
    entries += iterations.map { Entry(plan: number, observation: $0.observation, step: $0.step) }
    entries.removeFirst(max(0, entries.count - Self.mostIterations))
    let used = Set(entries.map(\.plan)).sorted()
    guard used.count < plans.count else { return }
    let numbers = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($0.element, $0.offset) })
    plans = used.map { plans[$0] }
    for index in entries.indices { entries[index].plan = numbers[entries[index].plan]! }
  }

  /// The iterations of each plan, and in their order which is which.
  var byPlan: (observed: [ObservedPlan], sequence: [(plan: Int, iteration: Int)]) {
    var observed = plans.map { ObservedPlan(measurements: $0.map(Int.init), iterations: []) }
    let sequence = entries.map { entry in
      observed[entry.plan].iterations.append(entry.observation)
      return (entry.plan, observed[entry.plan].iterations.count - 1)
    }
    return (observed, sequence)
  }
}

extension FrontierInputs {
  /// Joins a definition and its measurements as a correction of the model has them.
  ///
  /// The iteration's overhead becomes a lag, what transfers take beyond theirs is added to their lags, and each table's
  /// samples are corrected, so that everything that is made of them is, too.
  ///
  /// - Throws: ``RequestError`` as ``init(_:_:)``.
  convenience init(
    _ definition: PipelineDefinition, _ profile: Profile, corrected correction: ModelCorrection?
  ) throws(RequestError) {
    guard let correction, !correction.isNone else {
      try self.init(definition, profile)
      return
    }
    let measured = try FrontierInputs(definition, profile)
    var definition = definition
    do throws(FrontierError) {
      definition.graph = try MachineModel(measured.problem, ranks: definition.rankOrders).graph(correction)
    } catch {
      throw RequestError(
        .invalidProfile, path: "pipeline", expected: "a corrected model that can run", found: "\(error)",
        fix: "send iteration/report with adopt: false")
    }
    definition.rankBlockingPowerWatts = definition.rankBlockingPowerWatts.map { $0 * correction.waitingFactor }
    // The offset is divided evenly among the instructions of all devices.
    let devices = definition.rankDeviceCounts
    let executions = definition.instructions.reduce(0) { $0 + devices[definition.rankOfStage[$1.table.stage]] }
    let offset = correction.energyOffsetJoules / Double(definition.deviceMultiplicity) / Double(executions)
    try self.init(
      definition,
      profile.mapSamples { key, sample in
        let rank = definition.rankOfStage[key.stage]
        let seconds = correction.rankFactors[rank] * sample.timeSeconds + correction.instructionOverheadSeconds
        // What lasts longer than measured draws the blocking power meanwhile.
        let joules =
          correction.energyFactor * sample.energyJoules + definition.rankBlockingPowerWatts[rank]
          * (seconds - sample.timeSeconds) + offset
        return Measurement(timeSeconds: seconds, energyJoules: max(joules, Self.leastShare * sample.energyJoules))
      })
  }

  /// No correction takes more of a measured energy than all but this share.
  private static let leastShare = 1e-3
}

extension SessionState {
  /// What a pipeline's frontier is computed from: its definition and profile, corrected as measured iterations ask.
  ///
  /// - Throws: ``RequestError`` of kind `incompleteProfile` or `invalidProfile`.
  func inputs(of pipeline: Pipeline) throws(RequestError) -> FrontierInputs {
    try FrontierInputs(
      pipeline.definition, profiles[ExactString(pipeline.name)] ?? Profile(), corrected: pipeline.correction)
  }
}
