internal import EnergyFrontier
internal import JSON
internal import Sessions
internal import TrimtabServer

/// The options about how a profile's file is read.
struct SubmissionArguments {
  static let options: Set<String> = interval.names.union(["--knob-columns"])
  static let help = """
      --power-limit WATTS        what one GPU may draw, to judge measurements by
      --sampling-interval S      how often its energy counter moves, to judge measurements by
      --knob-columns A,B         columns beside frequency that are knobs of a setting (all; "" for none)
    """

  private static let interval = FieldOptions([("--sampling-interval", "samplingIntervalSeconds")])

  private let knobColumns: [String]?
  private let samplingIntervalSeconds: Double?

  init(_ arguments: Arguments) throws(CommandFailure) {
    knobColumns = arguments.text("--knob-columns").map { $0.split(separator: ",").map(String.init) }
    // The field is read beside an empty submission, which is a whole request.
    let fields = Self.interval.members(arguments).merging(
      ["session": "session", "pipeline": "pipeline", "withdraw": []]) { $1 }
    samplingIntervalSeconds = try Self.interval.read(ProfileSubmit.Params.self, fields).samplingIntervalSeconds
  }

  /// The measurements of a file's text.
  func rows(_ text: String) throws(RequestError) -> [ProfileRow] {
    let rows = try ProfileCSV.parse(text, knobColumns: knobColumns)
    guard let samplingIntervalSeconds else { return rows }
    return rows.map { $0.measured(every: samplingIntervalSeconds) }
  }
}

extension ProfileDiagnostic {
  /// What to tell a person: for each kind the first table it is about, and how many more. Outliers are told with their
  /// number of samples elsewhere.
  static func lines(_ diagnostics: [ProfileDiagnostic]) -> [String] {
    Kind.allCases.filter { $0 != .outliers }.compactMap { kind in
      let ofKind = diagnostics.filter { $0.kind == kind }
      guard let first = ofKind.first else { return nil }
      let others = ofKind.count == 1 ? "" : " (\(kind.rawValue), likewise in \(ofKind.count - 1) other tables)"
      return "stage \(first.table.stage) \(first.table.instruction): \(first.message)\(others)"
    }
  }
}
