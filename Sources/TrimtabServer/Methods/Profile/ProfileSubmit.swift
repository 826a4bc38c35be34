internal import EnergyFrontier
package import JSON
package import Sessions

/// `profile/submit`: what was measured.
package enum ProfileSubmit: SessionStep {
  package static let name = "profile/submit"
  package static let purpose =
    """
    Adds, revises or withdraws measurements of a pipeline, also while its job runs. They may come in pieces, before or \
    after the pipeline is defined; new ones at a known frequency replace the old ones unless `keepSamples` is set. A \
    frontier that was already computed goes on answering, marked stale; one that follows the profile is computed again \
    in the background.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .invalidProfile, .fileOutsideRoots, .unreadableFile,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let withdrawals: [ProfileSubmission.Withdrawal]
    var rows: [ProfileRow]
    /// The file that was read, and its text.
    var file: String?
    var fileText: String?
    let csvPath: String?
    let csvText: String?
    let knobColumns: [String]?
    package let samplingIntervalSeconds: Double?
    let keepSamples: Bool
    let refuseImplausible: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.required(
        "pipeline", .text(), "The pipeline the measurements are for; it may be defined later.")
      let withdrawals = try reader.optional(
        "withdraw", .list(of: Shape<Withdrawal>.object().map(\.withdrawal), count: 0...Limits.measurementCount),
        "Measurements to take back before the others are added.")
      let rows = try reader.optional(
        "rows", .list(of: Shape<Row>.object().map(\.row), count: 0...Limits.measurementCount),
        "The measurements. Or send `csvPath` or `csvText`.")
      csvPath = try reader.optional(
        "csvPath", .text(1...4096),
        """
        A CSV file with the columns stage,instruction,frequency,time,energy: a path or a `file:` URI below the roots. \
        A relative path is tried from the working directory, then below each root in order. Lines that repeat a \
        frequency are samples of it. Further columns are knobs: `frequency` is then an object of the clock and of a \
        member for each. `samplingIntervalSeconds` and `sensorPowerWatts` may be columns, too.
        """
      )
      csvText = try reader.optional("csvText", .string, "The text of such a file.")
      knobColumns = try reader.optional(
        "knobColumns", .list(of: .text(), count: 0...64),
        "The further columns that are knobs, where not all are, such as [] where they are notes.")
      samplingIntervalSeconds = try reader.optional(
        "samplingIntervalSeconds", .number(in: Measurement.acceptedRange),
        """
        The update interval of the devices' energy counters; measurements shorter than five intervals are flagged. \
        Divide it by the number of executions where a figure is their mean.
        """
      )
      keepSamples = try reader.optional(
        "keepSamples", .bool, default: false,
        "Whether samples join those that a frequency has already (the last 256 count), instead of replacing them."
      )
      refuseImplausible = try reader.optional(
        "refuseImplausible", .bool, default: false,
        """
        Whether to refuse the whole request when a table it touches has a figure that cannot be right, instead of \
        flagging it.
        """
      )
      self.withdrawals = withdrawals ?? []
      self.rows = rows ?? []
      let given = (rows == nil ? 0 : 1) + (csvPath == nil ? 0 : 1) + (csvText == nil ? 0 : 1)
      let least = withdrawals == nil ? 1 : 0
      try reader.check(
        (least...1).contains(given), "rows",
        expected: "exactly one of rows, csvPath and csvText, or withdraw without them")
      try reader.check(
        knobColumns == nil || csvPath != nil || csvText != nil, "knobColumns", expected: "csvPath or csvText beside it")
    }
  }

  package static let fileField: String? = "csvPath"

  package static func resolve(_ params: Params, _ files: FileAccess) throws(RequestError) -> Params {
    var resolved = params
    do throws(RequestError) {
      if let path = params.csvPath {
        let file = try files.text(at: path, field: "csvPath")
        resolved.rows = try ProfileCSV.parse(file.text, knobColumns: params.knobColumns)
        (resolved.file, resolved.fileText) = (file.path, file.text)
      } else if let text = params.csvText {
        resolved.rows = try ProfileCSV.parse(text, knobColumns: params.knobColumns)
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

  /// The measurements of a request, those of its file included.
  ///
  /// - Throws: ``RequestError`` as the request does.
  package static func rows(_ params: Params, _ files: FileAccess) throws(RequestError) -> [ProfileRow] {
    try resolve(params, files).rows
  }

  package static func recordedFile(_ resolved: Params) -> RecordedFile? {
    resolved.fileText.map {
      RecordedFile(contents: ("csvPath", .init(key: "csvText", value: .string($0))), check: nil)
    }
  }

  package typealias Answer = ProfileAnswer

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    try session.submit(
      ProfileSubmission(
        pipeline: params.pipeline, withdrawals: params.withdrawals, rows: params.rows,
        keepsSamples: params.keepSamples, refusesImplausible: params.refuseImplausible)
    ).map { ProfileAnswer(profile: Revised(session.revision, $0), file: params.file) }
  }
}

/// What a profile holds now, and the file that was read.
package struct ProfileAnswer: AnswerObject {
  let profile: Revised<ProfileSummary>
  let file: String?

  package static let fields = Fields<ProfileAnswer> {
    Field.inline { $0.profile }
    Field("file", "The absolute path of the file that was read; absent where none was.") { $0.file }
  }
}

extension ProfileSummary: AnswerObject {
  package static let fields = Fields<ProfileSummary> {
    Field("rowCount", "Measurements in the profile now.") { $0.rowCount }
    Field("sampleCount", "Samples behind them; as many where each was measured once.") { $0.sampleCount }
    Field("tables", "What has been measured, by stage and instruction.") { $0.tables }
    Field("missing", "What the defined pipeline needs and has no measurement of.") { $0.missing }
    Field("diagnostics", "What is odd but usable.") { $0.diagnostics }
    Field("outliers", "Samples of this request's tables that were left out, at most 256.") { $0.outliers }
    Field(
      "recomputes", "Whether the frontier is being computed again in the background; frontier/changed announces it."
    ) { $0.isRecomputed }
  }
}

extension ProfileSummary.Table: AnswerObject {
  package static let fields = Fields<ProfileSummary.Table> {
    Field.inline { $0.key }
    Field("optionCount", "Measured frequencies.") { $0.optionCount }
    Field(
      "efficientCount",
      "Those that no other beats in both time and effective energy; absent until the pipeline is defined."
    ) { $0.efficientCount }
    Field(
      "hullCount", "Those on the lower convex hull of the efficient ones; absent until the pipeline is defined."
    ) { $0.hullCount }
  }
}

extension ProfileSummary.Outlier: AnswerObject {
  package static let fields = Fields<ProfileSummary.Outlier> {
    Field.inline { $0.table }
    Field("frequency", "The setting, as it was sent.") { $0.setting }
    Field("sample", "Its number among the samples of the setting, from 0, the oldest that is kept first.") { $0.sample }
    Field("timeSeconds", "Measured time.") { $0.measurement.timeSeconds }
    Field("energyJoules", "Measured energy.") { $0.measurement.energyJoules }
  }
}

extension ProfileDiagnostic.Kind: FieldValue {}

extension ProfileDiagnostic: AnswerObject {
  package static let fields = Fields<ProfileDiagnostic> {
    Field("kind", "What is odd.") { $0.kind }
    Field.inline { $0.table }
    Field("frequency", "The first setting concerned; absent where it is not about settings.") { $0.setting }
    Field("message", "For a person.") { $0.message }
  }
}
