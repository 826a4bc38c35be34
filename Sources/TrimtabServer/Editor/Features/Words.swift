internal import CLibrary
internal import Sessions

/// Quantities in the words that lenses, hints and hovers use.
enum Words {
  /// Three significant digits: 0.873, 12.3, 1230.
  static func number(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "0" }
    let exponent = Int(log10(value.magnitude).rounded(.down))
    guard exponent < 15, exponent > -7 else { return "\(value)" }
    let digits = max(0, 2 - exponent)
    let scale = pow(10, Double(digits))
    let rounded = (value * scale).rounded() / scale
    if digits == 0 { return "\(Int(rounded))" }
    let text = "\(rounded)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// 0.123 is 12 %; what is between 0 and 1 % or 99 and 100 % has a digit more.
  static func percent(_ fraction: Double) -> String {
    let value = fraction * 100
    if value > 0, value < 0.1 { return "<0.1 %" }
    if value > 99.9, value < 100 { return ">99.9 %" }
    return value < 10 || value > 99 ? "\(number((value * 10).rounded() / 10)) %" : "\(Int(value.rounded())) %"
  }

  static func hours(_ seconds: Double) -> String { "\(number(seconds / 3600)) GPU-hours" }

  static func seconds(_ seconds: Double) -> String {
    seconds < 1 ? "\(number(seconds * 1000)) ms" : "\(number(seconds)) s"
  }

  static func joules(_ joules: Double) -> String { "\(number(joules)) J" }

  static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  static func name(_ candidate: CandidateName) -> String {
    [candidate.encoder, candidate.projector, candidate.languageModel].compactMap { $0 }.joined(separator: " + ")
  }
}
