internal import CLibrary

/// A linear axis of a picture with a margin at both ends and ticks at round numbers.
struct Axis {
  let from: Double
  let to: Double
  private let start: Double
  private let end: Double
  private let step: Double

  /// Maps values `from`...`to` to positions `start`...`end`.
  init(from: Double, to: Double, at start: Double, until end: Double) {
    let margin = 0.04 * max(to - from, abs(to) * 1e-6, 1e-12)
    self.from = from - margin
    self.to = to + margin
    self.start = start
    self.end = end
    step = Self.roundStep((self.to - self.from) / 6)
  }

  func place(_ value: Double) -> Double { start + (value - from) / (to - from) * (end - start) }

  /// Round values within the axis, rising.
  var ticks: [Double] {
    let first = Int((from / step).rounded(.up))
    let last = Int((to / step).rounded(.down))
    return first <= last ? (first...last).map { Double($0) * step } : []
  }

  /// The number of decimals that distinguishes neighbouring ticks.
  var digits: Int { Self.digits(of: step) }

  /// The number of decimals that multiples of a step need.
  static func digits(of step: Double) -> Int { max(0, Int((-log10(step)).rounded(.up))) }

  /// The next of 1, 2 and 5 times a power of ten.
  static func roundStep(_ rough: Double) -> Double {
    let power = pow(10, log10(rough).rounded(.down))
    let scaled = rough / power
    return power * (scaled <= 1 ? 1 : scaled <= 2 ? 2 : scaled <= 5 ? 5 : 10)
  }
}

/// A number with a fixed count of decimals; "-" where it is not finite. What rounds to 0 has no sign.
package func decimal(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return "-" }
  var buffer = [CChar](repeating: 0, count: 400)
  let length = withVaList([Int32(digits), value]) { vsnprintf(&buffer, buffer.count, "%.*f", $0) }
  let text = String(decoding: buffer[..<max(0, Int(length))].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return text.hasPrefix("-") && !text.contains { ("1"..."9").contains($0) } ? String(text.dropFirst()) : text
}
