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

  /// The given options as fields of profile/submit.
  static func members(_ arguments: Arguments) -> [String: JSON] {
    var members = interval.members(arguments)
    if let columns = arguments.text("--knob-columns") {
      members["knobColumns"] = .array(columns.split(separator: ",").map { .string(String($0)) })
    }
    return members
  }

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
