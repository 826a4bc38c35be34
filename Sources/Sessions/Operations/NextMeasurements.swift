package import Basics
internal import EnergyFrontier
package import JSON

/// Which measurements a client asks for.
package struct NextMeasurementsRequest: Sendable {
  /// What ends measuring beside a small regret.
  package struct Budget: Sendable {
    /// Iterations that are still to run.
    package let iterationCount: Double
    /// What one measurement costs, in joules of all devices.
    package let measurementJoules: Double

    package init(iterationCount: Double, measurementJoules: Double) {
      self.iterationCount = iterationCount
      self.measurementJoules = measurementJoules
    }
  }

  package let pipeline: String
  /// The clocks that may be measured; those measured of each instruction on any stage where nil.
  package let clocks: [Double]?
  package let count: Int
  /// No measurement is worth its time where the expected regret is at most this share of the energy.
  package let sufficientRegretFraction: Double
  package let budget: Budget?

  package init(
    pipeline: String, clocks: [Double]?, count: Int, sufficientRegretFraction: Double, budget: Budget? = nil
  ) {
    self.pipeline = pipeline
    self.clocks = clocks
    self.count = count
    self.sufficientRegretFraction = sufficientRegretFraction
    self.budget = budget
  }
}

/// What to measure next of a pipeline.
package struct NextMeasurements: Sendable {
  package enum Reason: String, Sendable, CaseIterable {
    /// Its table, or those of its instruction together, have too few clocks for a law by which to judge.
    case coverage
    /// It lowers the expected regret most.
    case regret
  }

  package struct Entry: Sendable {
    package let table: TableKey
    package let setting: JSON
    package let reason: Reason
    /// By how much it lowers the expected regret of an iteration, after those before it; nil for coverage.
    package let savedJoules: Double?
    /// Samples that there are already.
    package let sampleCount: Int
  }

  /// In the order in which to make them.
  package let entries: [Entry]
  /// Whether nothing more is worth its time.
  package let isSufficient: Bool
  /// What plans are expected to lose because of what is not known, averaged over the frontier; nil before there is a
  /// law by which to judge.
  package let expectedRegretJoules: Double?
  package let expectedRegretFraction: Double?
}

extension SessionState {
  /// The computation of what to measure next, which knows nothing but a snapshot of the pipeline and its profile.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline` or `invalidProfile`.
  package func nextMeasurements(
    _ request: NextMeasurementsRequest
  ) throws(RequestError) -> @Sendable (ProgressHandle) throws(RequestError) -> NextMeasurements {
    let pipeline = try pipeline(request.pipeline)
    let sweep = try ClockSweep(
      pipeline.definition, profiles[ExactString(pipeline.name)] ?? Profile(), clocks: request.clocks)
    let coverage = sweep.coverage(count: request.count)
    if !coverage.isEmpty {
      let answer = NextMeasurements(
        entries: coverage, isSufficient: false, expectedRegretJoules: nil, expectedRegretFraction: nil)
      return { _ in answer }
    }
    let (inputs, seed) = (try inputs(of: pipeline), seed)
    return { (progress) throws(RequestError) in
      do throws(FrontierError) {
        let completed = try inputs.estimated(
          as: .completed, clocks: request.clocks ?? [], progress: progress.part(0...0.4))
        guard let estimate = completed.estimate else { preconditionFailure("completed inputs are estimated") }
        let choice = try MeasurementChoice(
          completed.problem, estimate: estimate, count: request.count, seed: seed,
          isAllowed: { sweep.isAllowed(completed.definition.tables[$0], completed.settings[$0][$1]) },
          progress: progress.part(0.4...1))
        return NextMeasurements(choice, completed, request)
      } catch {
        // The engine's only error here: the tables were checked when the snapshot was taken.
        throw .cancelled
      }
    }
  }
}

extension NextMeasurements {
  fileprivate init(_ choice: MeasurementChoice, _ inputs: FrontierInputs, _ request: NextMeasurementsRequest) {
    let isKnown = choice.expectedRegretFraction <= request.sufficientRegretFraction
    let least = request.budget.map { $0.measurementJoules / $0.iterationCount } ?? 0
    entries =
      isKnown
      ? []
      : choice.candidates.prefix { $0.savedJoules > least }.map {
        Entry(
          table: inputs.definition.tables[$0.table], setting: inputs.settings[$0.table][$0.option], reason: .regret,
          savedJoules: $0.savedJoules, sampleCount: inputs.samples[$0.table][$0.option].count)
      }
    isSufficient = entries.isEmpty
    expectedRegretJoules = choice.expectedRegretJoules
    expectedRegretFraction = choice.expectedRegretFraction
  }
}

/// The tables of a pipeline and the clocks at which each may be measured.
private struct ClockSweep: Sendable {
  /// What a client measures, each once; stages that are copies of another are measured there.
  private let keys: [TableKey]
  private let rows: [[ProfileRow]]
  /// By key; empty where settings are no clocks.
  private let clocks: [[Double]]
  private let settings: [TableKey: Set<JSON>]

  /// - Throws: ``RequestError`` of kind `invalidProfile` where it is not known which clocks there are.
  init(_ definition: PipelineDefinition, _ profile: Profile, clocks given: [Double]?) throws(RequestError) {
    var seen: Set<TableKey> = []
    keys = zip(definition.tables, definition.measuredTables).compactMap { own, measured in
      guard let measured, !definition.isOptional(measured) || profile.rows[measured] != nil else { return nil }
      let key = profile.rows[own] != nil ? own : measured
      return seen.insert(key).inserted ? key : nil
    }
    let rows = keys.map { profile.rows[$0] ?? [] }
    self.rows = rows
    var ofKind: [ExactString: Set<Double>] = [:]
    var others: Set<ExactString> = []
    for (key, rows) in zip(keys, rows) {
      let kind = ExactString(key.instruction)
      for row in rows {
        if let clock = row.setting.doubleValue, clock > 0 {
          ofKind[kind, default: Set(given ?? [])].insert(clock)
        } else {
          others.insert(kind)
        }
      }
    }
    let known = ofKind
    clocks = keys.map { key in
      let kind = ExactString(key.instruction)
      return others.contains(kind) ? [] : (given ?? known[kind].map(Array.init) ?? []).sorted()
    }
    guard clocks.contains(where: { !$0.isEmpty }) else {
      throw RequestError(
        .invalidProfile, path: "frequencies",
        expected: "clocks that may be measured, or measurements at settings that are clocks", found: "none",
        fix: "send frequencies")
    }
    settings = Dictionary(
      uniqueKeysWithValues: zip(keys, clocks.map { Set($0.map { JSON(clock: $0).canonicalSetting }) }))
  }

  func isAllowed(_ table: TableKey, _ setting: JSON) -> Bool {
    settings[table]?.contains(setting.canonicalSetting) ?? false
  }

  /// What to measure before there are laws.
  func coverage(count: Int) -> [NextMeasurements.Entry] {
    let kinds = Set(keys.map { ExactString($0.instruction) }).sorted()
    let tables = zip(keys, rows).map { key, rows in
      NoisyTable(
        family: kinds.firstIndex(of: ExactString(key.instruction))!,
        clocks: rows.map { $0.setting.doubleValue ?? 0 }.filter { $0 > 0 },
        samples: rows.filter { $0.setting.doubleValue ?? 0 > 0 }.map { $0.combination.kept(of: $0.samples) })
    }
    return CoverageDesign(tables, clocks: clocks, count: count).measurements.map {
      NextMeasurements.Entry(
        table: keys[$0.table], setting: JSON(clock: $0.clock), reason: .coverage, savedJoules: nil, sampleCount: 0)
    }
  }
}
