internal import Basics
internal import EnergyFrontier
internal import JSON
internal import Sessions

/// A plan as a file that a launcher reads.
enum PlanCSV {
  /// `stage,instruction,microbatch,frequency`, stage after stage in the order of execution. Where settings have several
  /// knobs, each has a column, empty where an instruction has no such knob.
  static func text(_ characterized: CharacterizedFrontier, _ plan: Plan) -> String {
    let stages = IterationTimeline(characterized, plan).stages(characterized.inputs.definition)
    let knobs = Self.knobs(of: characterized.inputs.settings)
    var lines = [(["stage", "instruction", "microbatch"] + knobs.map(\.text)).map(field).joined(separator: ",")]
    for (stage, steps) in stages.enumerated() {
      for step in steps {
        // An overlapped pair is written under the stages of both halves, each with the microbatch of that half.
        let backward = step.instruction.overlapped.flatMap { $0.stage == stage ? $0 : nil }
        let microbatch = backward?.microbatch ?? step.instruction.microbatch
        let begin = ["\(stage)", step.instruction.table.instruction, microbatch.map(String.init) ?? ""]
        lines.append((begin + knobs.map { value(of: $0, in: step.setting) }).map(field).joined(separator: ","))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static let clock = ExactString("frequency")

  /// The members of all settings that are objects, by first appearance, after the clock.
  private static func knobs(of settings: [[JSON]]) -> [ExactString] {
    var seen: Set<ExactString> = [clock]
    return [clock]
      + settings.joined().flatMap { $0.objectValue?.members ?? [] }.map(\.key).filter { seen.insert($0).inserted }
  }

  /// A setting that is no object is the clock.
  private static func value(of knob: ExactString, in setting: JSON) -> String {
    let value = setting.objectValue == nil ? (knob == clock ? setting : .null) : setting[knob.text] ?? .null
    return value == .null ? "" : value.stringValue?.text ?? value.text
  }

  /// As a field of a CSV (RFC 4180).
  private static func field(_ text: String) -> String {
    // Bytes, since a mark before a combining accent is no character of its own. Not `replacing`, which would link the
    // library's regular expressions: 1.4 MB of the static program.
    let (bytes, mark, space) = (text.utf8, UInt8(ascii: "\""), UInt8(ascii: " "))
    let needsMarks = bytes.contains { ",\"\r\n".utf8.contains($0) } || bytes.first == space || bytes.last == space
    guard needsMarks else { return text }
    let doubled = bytes.flatMap { $0 == mark ? [mark, mark] : [$0] }
    return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
  }
}
