internal import Basics
internal import JSON

/// The options about changes of setting that are fields of pipeline/define, beside those that are plain numbers.
enum SwitchArguments {
  static let options: Set<String> = Set(fields.map(\.option))
  static let help = """
      --knob-switch-latency K=S,...   what setting a knob takes, by its name; a change takes the sum of those that differ
      --pair-switch-latency A:B=S,...  what a change from clock A to clock B takes instead, in this direction
    """

  /// For the messages about these fields.
  static let fields = [
    ("--knob-switch-latency", "knobSwitchLatencies"), ("--pair-switch-latency", "pairSwitchLatencies"),
  ]
  .map { (option: $0, field: $1) }

  /// The given options as fields of pipeline/define.
  ///
  /// - Throws: ``CommandFailure`` with status `usage` for text of another form.
  static func members(_ arguments: Arguments) throws(CommandFailure) -> [String: JSON] {
    var members: [String: JSON] = [:]
    if let text = arguments.text("--knob-switch-latency") {
      let knobs = try parts(text, "--knob-switch-latency", "KNOB=SECONDS").map {
        JSONObject.Member(key: ExactString($0), value: .number($1))
      }
      members["knobSwitchLatencies"] = .object(JSONObject(members: knobs))
    }
    if let text = arguments.text("--pair-switch-latency") {
      var pairs: [JSON] = []
      for (clocks, seconds) in try parts(text, "--pair-switch-latency", "FROM:TO=SECONDS") {
        let ends = clocks.split(separator: ":", omittingEmptySubsequences: false).map { setting(String($0)) }
        guard ends.count == 2 else { throw failure("--pair-switch-latency", "FROM:TO=SECONDS", clocks) }
        pairs.append(["fromFrequency": ends[0], "toFrequency": ends[1], "seconds": .number(seconds)])
      }
      members["pairSwitchLatencies"] = .array(pairs)
    }
    return members
  }

  /// A setting as profiles have it: a number where it is one.
  private static func setting(_ text: String) -> JSON {
    if let json = try? JSON.parse(text), json.doubleValue != nil { return json }
    return .string(text)
  }

  private static func parts(
    _ text: String, _ option: String, _ form: String
  ) throws(CommandFailure) -> [(name: String, seconds: Double)] {
    var parts: [(name: String, seconds: Double)] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let equals = part.lastIndex(of: "="), let seconds = Double(part[part.index(after: equals)...]),
        seconds.isFinite, seconds >= 0, equals > part.startIndex
      else { throw failure(option, form, String(part)) }
      parts.append((String(part[..<equals]), seconds))
    }
    return parts
  }

  private static func failure(_ option: String, _ form: String, _ found: String) -> CommandFailure {
    CommandFailure(
      status: .usage,
      message: "\(option): expected \(form), several joined by commas, found \(Preview.quoted(found))")
  }
}
