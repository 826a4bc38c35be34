internal import EnergyFrontier
package import JSON
package import Sessions

/// `profile/submit`: what was measured.
package enum ProfileSubmit: SessionStep {
  package static let name = "profile/submit"
  package static let purpose =
    "Adds, revises or withdraws measurements of a pipeline, also while its job runs. They may come in pieces, before or after the pipeline is defined; new ones at a known frequency replace the old unless `keepSamples`. A frontier already computed keeps answering, marked stale, and is computed anew in the background where it was asked to `follow`."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .invalidProfile, .fileOutsideRoots, .unreadableFile,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let withdraw: [Withdrawal]
    var rows: [ProfileRow]
    let csvPath: String?
    let csvText: String?
    let samplingIntervalSeconds: Double?
    let keepSamples: Bool
    let refuseImplausible: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.required(
        "pipeline", .text(), "The pipeline the measurements are for; it may be defined later.")
      withdraw = try reader.optional(
        "withdraw", .list(of: .object(), count: 1...Limits.measurementCount), default: [],
        "Measurements to take back, before those below are added.")
      let rows = try reader.optional(
        "rows", .list(of: Shape<Row>.object().map(\.row), count: 1...Limits.measurementCount),
        "The measurements. Or send `csvPath` or `csvText`.")
      csvPath = try reader.optional(
        "csvPath", .text(1...4096),
        "A CSV file with the columns stage,instruction,frequency,time,energy, below the roots; lines that repeat a frequency are samples of it."
      )
      csvText = try reader.optional("csvText", .string, "The text of such a file.")
      samplingIntervalSeconds = try reader.optional(
        "samplingIntervalSeconds", .number(in: Measurement.acceptedRange),
        "How often the devices' energy counters move; measurements shorter than five such intervals are flagged. Divide by the number of executions where a figure is their mean."
      )
      keepSamples = try reader.optional(
        "keepSamples", .bool, default: false,
        "Whether samples join those that a frequency has already (the last 256 count), instead of replacing them."
      )
      refuseImplausible = try reader.optional(
        "refuseImplausible", .bool, default: false,
        "Whether to refuse the whole request when a table it touches has a figure that cannot be right, instead of flagging it."
      )
      self.rows = rows ?? []
      let given = (rows == nil ? 0 : 1) + (csvPath == nil ? 0 : 1) + (csvText == nil ? 0 : 1)
      let least = withdraw.isEmpty ? 1 : 0
      try reader.check(
        (least...1).contains(given), "rows",
        expected: "exactly one of rows, csvPath and csvText, or withdraw without them")
    }
  }

  package static func resolve(_ params: Params, _ files: FileAccess) throws(RequestError) -> Params {
    var resolved = params
    do throws(RequestError) {
      if let path = params.csvPath {
        resolved.rows = try ProfileCSV.parse(try files.text(at: path, field: "csvPath").text)
      } else if let text = params.csvText {
        resolved.rows = try ProfileCSV.parse(text)
      }
    } catch {
      guard error.kind == .invalidProfile else { throw error }
      var placed = error
      placed.path = (params.csvPath == nil ? "csvText" : "csvPath") + (error.path.isEmpty ? "" : ", ") + error.path
      throw placed
    }
    if let interval = params.samplingIntervalSeconds {
      resolved.rows = resolved.rows.map { $0.measured(every: interval) }
    }
    return resolved
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let pipeline = session.pipelines.firstIndex { $0.name == params.pipeline }
    if let pipeline {
      try session.pipelines[pipeline].definition.check(params.rows.map(\.table)) { "rows[\($0)]" }
    }
    guard pipeline != nil || session.membership(params.pipeline) == nil else {
      throw RequestError(
        .invalidProfile, path: "pipeline", expected: "a pipeline with a profile of its own",
        found: "\"\(params.pipeline)\", a replica", fix: "submit for the pipeline that it is a replica of")
    }
    var profile = session.profiles[params.pipeline] ?? Profile()
    if let index = profile.withdraw(params.withdraw.map { ($0.table, $0.setting) }) {
      throw Self.nothing(toWithdraw: params.withdraw[index], at: index)
    }
    try profile.merge(params.rows, keepsSamples: params.keepSamples)
    let changes = profile != session.profiles[params.pipeline]
    if changes, let pipeline { session.pipelines[pipeline].inputRevision = session.revision }
    session.profiles[params.pipeline] = profile
    let touched = Set(params.rows.map(\.table)).sorted()
    let answer = Answer(
      revision: session.revision, profile: profile, touched: touched,
      definition: pipeline.map { session.pipelines[$0].definition },
      gpus: pipeline.map { session.gpus(of: session.pipelines[$0].definition) } ?? [],
      follows: changes && pipeline.map { session.pipelines[$0].isFollowed } ?? false)
    if params.refuseImplausible { try answer.refuseImplausible() }
    return StepResult(answer, events: answer.isRecomputed ? [.inputsChanged(pipeline: params.pipeline)] : [])
  }

  private static func nothing(toWithdraw withdrawal: Withdrawal, at index: Int) -> RequestError {
    RequestError(
      .invalidProfile, path: "withdraw[\(index)]", expected: "a measurement that is there",
      found: "none of stage \(withdrawal.table.stage) \"\(withdrawal.table.instruction)\""
        + (withdrawal.setting.map { " at \($0.preview())" } ?? ""),
      fix: "leave it out, or correct it")
  }

  package struct Answer: ObjectWritable {
    let revision: Int
    let profile: Profile
    /// Tables that this request gave measurements.
    let touched: [TableKey]
    let definition: PipelineDefinition?
    /// For each rank its GPU, where the pipeline was defined with GPUs.
    let gpus: [GPU?]
    let follows: Bool

    private var missing: [TableKey] { (definition?.tables ?? []).filter { profile.rows[$0] == nil } }

    /// An incomplete profile has no frontier; the next complete one will.
    var isRecomputed: Bool { follows && missing.isEmpty }

    func refuseImplausible() throws(RequestError) {
      guard let first = touched.flatMap(diagnostics).first(where: \.kind.isImplausible) else { return }
      throw RequestError(
        .invalidProfile, path: "rows", expected: "figures that can be right, as refuseImplausible asks",
        found:
          "\(first.kind.rawValue) in stage \(first.table.stage) \"\(first.table.instruction)\": \(first.message)",
        fix: "measure again, or send without refuseImplausible to have it flagged only")
    }

    package func write(to object: inout ObjectWriter) {
      let tables = profile.rows.keys.sorted()
      object.field("revision", revision, "Counts the session's accepted changes.")
      object.field("rowCount", profile.rowCount, "Measurements in the profile now.")
      object.field("sampleCount", profile.sampleCount, "Samples behind them; as many where each was measured once.")
      object.list("tables", tables, "What has been measured, by stage and instruction.") { key, entry in
        key.write(to: &entry)
        entry.field("optionCount", profile.rows[key]?.count ?? 0, "Measured frequencies.")
        let options = optionTable(key)
        entry.field(
          "efficientCount", options?.efficient.count,
          "Those that no other beats in both time and effective energy; once the pipeline is defined.")
        entry.field("hullCount", options?.hull.count, "Those on the lower convex hull of the efficient ones.")
      }
      object.list("missing", missing, "What the defined pipeline needs and has no measurement of.") {
        key, entry in key.write(to: &entry)
      }
      object.list("diagnostics", tables.flatMap(diagnostics), "What is odd but usable.") { diagnostic, entry in
        diagnostic.write(to: &entry)
      }
      object.list("outliers", outliers, "Samples of this request's tables that were left out, at most 256.") {
        outlier, entry in
        outlier.row.table.write(to: &entry)
        entry.field("frequency", outlier.row.setting, "The setting, as it was sent.")
        entry.field("sample", outlier.sample, "Which of its samples, from 0, the oldest that is kept.")
        entry.field("timeSeconds", outlier.row.samples[outlier.sample].timeSeconds, "Seconds it took.")
        entry.field("energyJoules", outlier.row.samples[outlier.sample].energyJoules, "Joules it drew.")
      }
      object.field(
        "recomputes", isRecomputed,
        "Whether the frontier is being computed anew in the background; frontier/changed will tell.")
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
      let known = definition.flatMap { key.stage < $0.stageCount ? $0 : nil }
      return ProfileDiagnostic.all(
        key, profile.rows[key] ?? [], blockingPowerWatts: known?.blockingPowerWatts(ofStage: key.stage),
        powerLimitWatts: known?.powerLimitWatts(ofStage: key.stage))
        + ProfileDiagnostic.unsupported(
          key, profile.rows[key] ?? [],
          on: known.flatMap { gpus.isEmpty ? nil : gpus[$0.rankOfStage[key.stage]] })
    }

    private var outliers: some Sequence<(row: ProfileRow, sample: Int)> {
      touched.lazy.flatMap { profile.rows[$0] ?? [] }.flatMap { row in
        row.combination.outliers.lazy.map { (row: row, sample: $0) }
      }.prefix(256)
    }
  }
}

extension SessionState {
  /// For each rank the GPU it was defined with, nil for one that is gone; nothing where it was defined without.
  fileprivate func gpus(of definition: PipelineDefinition) -> [GPU?] {
    guard let ids = definition.layout.gpus else { return [] }
    let known = Dictionary(uniqueKeysWithValues: gpus.map { ($0.id, $0) })
    return ids.map { known[$0] }
  }
}

extension ProfileRow {
  /// The same with the counter's interval, where the row did not say it.
  fileprivate func measured(every seconds: Double) -> ProfileRow {
    guard samplingIntervalSeconds == nil else { return self }
    return ProfileRow(
      table: table, setting: setting, samples: samples, sensorPowerWatts: sensorPowerWatts,
      samplingIntervalSeconds: seconds)
  }
}

extension SessionState.Pipeline {
  /// Whether the frontier is computed anew when the profile changes.
  fileprivate var isFollowed: Bool { frontierOrigin?.follows ?? false }
}
