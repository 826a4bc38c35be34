internal import EnergyFrontier
package import JSON
package import Sessions

/// `profile/submit`: what was measured.
package enum ProfileSubmit: SessionStep {
  package static let name = "profile/submit"
  package static let purpose =
    "Adds measurements to a pipeline's profile. They may come in pieces, before or after the pipeline is defined; a new one at a known frequency replaces the old. A frontier already computed keeps answering, marked stale."
  package static let refusals: [Refusal.Kind] = [
    .unknownSession, .invalidProfile, .fileOutsideRoots, .unreadableFile,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    var rows: [ProfileRow]?
    let csvPath: String?
    let csvText: String?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.required(
        "pipeline", .text(), "The pipeline the measurements are for; it may be defined later.")
      rows = try reader.optional(
        "rows", .list(of: Shape<Row>.object().map(\.row), count: 1...Limits.measurementCount),
        "The measurements. Or send `csvPath` or `csvText`.")
      csvPath = try reader.optional(
        "csvPath", .text(1...4096),
        "A CSV file with the columns stage,instruction,frequency,time,energy, below the roots.")
      csvText = try reader.optional("csvText", .string, "The text of such a file.")
      let given = (rows == nil ? 0 : 1) + (csvPath == nil ? 0 : 1) + (csvText == nil ? 0 : 1)
      try reader.check(given == 1, "rows", expected: "exactly one of rows, csvPath and csvText")
    }
  }

  struct Row: ObjectReadable {
    let row: ProfileRow

    init(from reader: inout ObjectReader) throws(InvalidField) {
      row = ProfileRow(
        table: TableKey(
          stage: try reader.required("stage", .integer(in: 0...4095), "The stage, from 0."),
          instruction: try reader.required("instruction", .text(), "The kind of instruction, such as `forward`.")),
        knob: try reader.required("frequency", .any, "The setting, usually a clock in MHz; comes back as it was sent."),
        timeSeconds: try reader.required(
          "timeSeconds", .number(in: Measurement.acceptedRange), "Seconds one execution took."),
        energyJoules: try reader.required(
          "energyJoules", .number(in: Measurement.acceptedRange), "Joules one device drew during it."))
    }
  }

  package static func resolve(_ params: Params, _ files: FileAccess) throws(Refusal) -> Params {
    var resolved = params
    do throws(Refusal) {
      if let path = params.csvPath {
        resolved.rows = try ProfileCSV.parse(try files.text(at: path, field: "csvPath"))
      } else if let text = params.csvText {
        resolved.rows = try ProfileCSV.parse(text)
      }
    } catch {
      guard error.kind == .invalidProfile else { throw error }
      var placed = error
      placed.path = (params.csvPath == nil ? "csvText" : "csvPath") + (error.path.isEmpty ? "" : ", ") + error.path
      throw placed
    }
    return resolved
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(Refusal) -> Accepted<Answer> {
    let rows = params.rows ?? []
    let pipeline = session.pipelines.firstIndex { $0.name == params.pipeline }
    if let pipeline {
      try session.pipelines[pipeline].definition.check(rows.map(\.table)) { "rows[\($0)]" }
      session.pipelines[pipeline].inputRevision = session.revision
    }
    try session.profiles[params.pipeline, default: Profile()].merge(rows)
    return Accepted(
      Answer(
        revision: session.revision, profile: session.profiles[params.pipeline] ?? Profile(),
        definition: pipeline.map { session.pipelines[$0].definition },
        gpus: pipeline.map { session.gpus(of: session.pipelines[$0].definition) } ?? []))
  }

  package struct Answer: ObjectWritable {
    let revision: Int
    let profile: Profile
    let definition: PipelineDefinition?
    /// For each rank its GPU, where the pipeline was defined with GPUs.
    let gpus: [GPU?]

    package func write(to object: inout ObjectWriter) {
      let tables = profile.rows.keys.sorted()
      object.field("revision", revision, "Counts the session's accepted changes.")
      object.field("rowCount", profile.rowCount, "Measurements in the profile now.")
      object.list("tables", tables, "What has been measured, by stage and instruction.") { key, entry in
        key.write(to: &entry)
        entry.field("optionCount", profile.rows[key]?.count ?? 0, "Measured frequencies.")
        let options = optionTable(key)
        entry.field(
          "efficientCount", options?.efficient.count,
          "Those that no other beats in both time and effective energy; once the pipeline is defined.")
        entry.field("hullCount", options?.hull.count, "Those on the lower convex hull of the efficient ones.")
      }
      object.list(
        "missing", (definition?.tables ?? []).filter { profile.rows[$0] == nil },
        "What the defined pipeline needs and has no measurement of."
      ) { key, entry in key.write(to: &entry) }
      object.list("diagnostics", diagnostics, "What is odd but usable.") { diagnostic, entry in
        diagnostic.write(to: &entry)
      }
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

    private var diagnostics: [ProfileDiagnostic] {
      profile.rows.sorted { $0.key < $1.key }.flatMap { key, rows in
        let power = definition.flatMap { key.stage < $0.stageCount ? $0.blockingPowerWatts(ofStage: key.stage) : nil }
        let rank = definition.flatMap { key.stage < $0.stageCount ? $0.rankOfStage[key.stage] : nil }
        return ProfileDiagnostic.all(key, rows, blockingPowerWatts: power)
          + ProfileDiagnostic.unsupported(key, rows, on: rank.flatMap { $0 < gpus.count ? gpus[$0] : nil })
      }
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
