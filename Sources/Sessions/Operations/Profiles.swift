internal import Basics
package import EnergyFrontier
package import JSON

/// Measurements of a pipeline that a client adds, revises or takes back.
package struct ProfileSubmission: Sendable {
  package var pipeline: String
  /// Taken back before the rows are added.
  package var withdrawals: [Withdrawal]
  package var rows: [ProfileRow]
  /// Whether samples join those that a frequency has already, instead of replacing them.
  package var keepsSamples: Bool
  /// Whether a figure that cannot be right refuses the whole submission.
  package var refusesImplausible: Bool

  package struct Withdrawal: Sendable {
    package let table: TableKey
    /// The setting; all settings where nil.
    package let setting: JSON?

    package init(table: TableKey, setting: JSON?) {
      self.table = table
      self.setting = setting
    }
  }

  package init(
    pipeline: String, withdrawals: [Withdrawal] = [], rows: [ProfileRow], keepsSamples: Bool = false,
    refusesImplausible: Bool = false
  ) {
    self.pipeline = pipeline
    self.withdrawals = withdrawals
    self.rows = rows
    self.keepsSamples = keepsSamples
    self.refusesImplausible = refusesImplausible
  }
}

/// A profile after a submission.
package struct ProfileSummary: Sendable {
  package let rowCount: Int
  package let sampleCount: Int
  /// By stage and instruction.
  package let tables: [Table]
  /// What the defined pipeline needs and has no measurement of.
  package let missing: [TableKey]
  package let diagnostics: [ProfileDiagnostic]
  /// Samples of the submission's tables that were left out, at most 256.
  package let outliers: [Outlier]
  /// Whether the frontier is being computed again in the background.
  package let isRecomputed: Bool

  package struct Table: Sendable {
    package let key: TableKey
    package let optionCount: Int
    /// Nil until the pipeline is defined.
    package let efficientCount: Int?
    package let hullCount: Int?
  }

  package struct Outlier: Sendable {
    package let table: TableKey
    package let setting: JSON
    /// Its index among the samples that are kept, from 0, the oldest first.
    package let sample: Int
    package let measurement: Measurement
  }
}

extension SessionState {
  /// Adds, revises or withdraws measurements.
  ///
  /// - Throws: ``RequestError`` of kind `invalidProfile`; nothing has changed then.
  /// - Complexity: O(measurements of the profile).
  package mutating func submit(_ submission: ProfileSubmission) throws(RequestError) -> StepResult<ProfileSummary> {
    let index = try? pipelineIndex(submission.pipeline)
    if let index { try pipelines[index].definition.check(submission.rows.map(\.table)) { "rows[\($0)]" } }
    guard index != nil || membership(submission.pipeline) == nil else {
      throw RequestError(
        .invalidProfile, path: "pipeline", expected: "a pipeline with a profile of its own",
        found: "\(Preview.quoted(submission.pipeline)), a replica",
        fix: "submit for the pipeline that it is a replica of")
    }
    var profile = profiles[ExactString(submission.pipeline)] ?? Profile()
    if let withdrawn = profile.withdraw(submission.withdrawals.map { ($0.table, $0.setting) }) {
      throw submission.withdrawals[withdrawn].refusal(at: withdrawn)
    }
    try profile.merge(submission.rows, keepsSamples: submission.keepsSamples)
    let changes = profile != profiles[ExactString(submission.pipeline)]
    let inspection = ProfileInspection(profile, of: index.map { pipelines[$0].definition }, gpus: gpus)
    let touched = Set(submission.rows.map(\.table)).sorted()
    if submission.refusesImplausible { try inspection.refuseImplausible(touched) }
    let follows = changes && index.map { pipelines[$0].frontierOrigin?.follows ?? false } ?? false
    let summary = inspection.summary(touched: touched, follows: follows)
    if changes, let index { pipelines[index].inputRevision = revision }
    // Measured iterations name measurements by their places, which a withdrawal changes.
    if !submission.withdrawals.isEmpty, let index { pipelines[index].observed = ObservedIterations() }
    profiles[ExactString(submission.pipeline)] = profile
    return StepResult(
      summary, events: summary.isRecomputed ? [.inputsChanged(pipeline: submission.pipeline)] : [])
  }
}

extension ProfileSubmission.Withdrawal {
  fileprivate func refusal(at index: Int) -> RequestError {
    RequestError(
      .invalidProfile, path: "withdraw[\(index)]", expected: "a measurement that is there",
      found: "none of stage \(table.stage) \(Preview.quoted(table.instruction))"
        + (setting.map { " at \($0.preview())" } ?? ""),
      fix: "leave it out, or correct it")
  }
}

/// A profile beside the pipeline that it is of.
private struct ProfileInspection {
  private let profile: Profile
  private let definition: PipelineDefinition?
  /// For each rank its GPU, nil for one that was retired; empty where the pipeline was defined without GPUs.
  private let gpus: [GPU?]

  init(_ profile: Profile, of definition: PipelineDefinition?, gpus: NamedList<GPU>) {
    self.profile = profile
    self.definition = definition
    self.gpus = definition?.layout.gpus?.map { gpus[$0] } ?? []
  }

  func refuseImplausible(_ touched: [TableKey]) throws(RequestError) {
    guard let first = touched.flatMap(diagnostics).first(where: \.kind.isImplausible) else { return }
    throw RequestError(
      .invalidProfile, path: "rows", expected: "figures that can be right, as refuseImplausible asks",
      found: "\(first.kind.rawValue) in stage \(first.table.stage) \(Preview.quoted(first.table.instruction)): "
        + first.message,
      fix: "measure again, or send without refuseImplausible to have it flagged only")
  }

  func summary(touched: [TableKey], follows: Bool) -> ProfileSummary {
    let keys = profile.rows.keys.sorted()
    let missing = definition.map(profile.missingTables) ?? []
    return ProfileSummary(
      rowCount: profile.rowCount, sampleCount: profile.sampleCount,
      tables: keys.map { key in
        let options = optionTable(key)
        return ProfileSummary.Table(
          key: key, optionCount: profile.rows[key]?.count ?? 0, efficientCount: options?.efficient.count,
          hullCount: options?.hull.count)
      },
      missing: missing, diagnostics: keys.flatMap(diagnostics), outliers: outliers(touched),
      // An incomplete profile has no frontier; the next complete one has.
      isRecomputed: follows && missing.isEmpty)
  }

  /// The table as the engine sees it, where the blocking power is known.
  private func optionTable(_ key: TableKey) -> OptionTable? {
    guard let definition, key.stage < definition.stageCount else { return nil }
    let measurements = (profile.rows[key] ?? []).map {
      Measurement(timeSeconds: $0.timeSeconds, energyJoules: $0.energyJoules)
    }
    // Every measurement was positive and finite when it was accepted, so this cannot throw.
    return try? OptionTable(
      measurements: measurements, blockingPowerWatts: definition.blockingPowerWatts(ofStage: key.stage))
  }

  private func diagnostics(_ key: TableKey) -> [ProfileDiagnostic] {
    let (rows, known) = (profile.rows[key] ?? [], definition.flatMap { key.stage < $0.stageCount ? $0 : nil })
    return ProfileDiagnostic.all(
      key, rows, blockingPowerWatts: known?.blockingPowerWatts(ofStage: key.stage),
      powerLimitWatts: known?.powerLimitWatts(ofStage: key.stage))
      + ProfileDiagnostic.unsupported(
        key, rows, on: known.flatMap { gpus.isEmpty ? nil : gpus[$0.rankOfStage[key.stage]] })
  }

  private func outliers(_ touched: [TableKey]) -> [ProfileSummary.Outlier] {
    let all = touched.lazy.flatMap { profile.rows[$0] ?? [] }.flatMap { row in
      row.combination.outliers.lazy.map { sample in
        ProfileSummary.Outlier(table: row.table, setting: row.setting, sample: sample, measurement: row.samples[sample])
      }
    }
    return Array(all.prefix(256))
  }
}

extension ProfileRow {
  /// The same with the counter's interval, where the row did not state it.
  package func measured(every seconds: Double) -> ProfileRow {
    guard samplingIntervalSeconds == nil else { return self }
    return ProfileRow(
      table: table, setting: setting, samples: samples, sensorPowerWatts: sensorPowerWatts,
      samplingIntervalSeconds: seconds)
  }
}
