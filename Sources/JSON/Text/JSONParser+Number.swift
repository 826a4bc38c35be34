// Exact decimal to binary conversion. A mantissa below 2^53 and a power of ten up to 10^22 are both exact doubles,
// so one correctly rounded multiplication or division gives the correctly rounded result (Clinger 1990,
// "How to read floating point numbers accurately", DOI 10.1145/93542.93557). Everything else goes to the standard
// library's converter, which is correctly rounded and knows no locale.

extension JSONParser {
  /// Reads a number: an integer if it is written as one and fits 64 bits, else the nearest double.
  mutating func number() throws(JSONSyntaxError) -> JSON {
    let start = position
    let isNegative = current == UInt8(ascii: "-")
    if isNegative { position += 1 }

    var decimal = Decimal()
    try integerPart(into: &decimal)
    var isInteger = true
    if current == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits { decimal.append($0, isFraction: true) }
    }
    if current | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      try exponentPart(into: &decimal)
    }

    if isInteger, let value = decimal.integer(isNegative: isNegative) { return .integer(value) }
    if let value = decimal.exactDouble { return .number(isNegative ? -value : value) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw failure("a number no larger than 1.8e308 in magnitude", at: start)
    }
    return .number(value)
  }

  private mutating func integerPart(into decimal: inout Decimal) throws(JSONSyntaxError) {
    if current == UInt8(ascii: "0") {
      position += 1
      if isDigit(current) { throw failure("no digit after a leading zero") }
    } else {
      try digits { decimal.append($0, isFraction: false) }
    }
  }

  private mutating func exponentPart(into decimal: inout Decimal) throws(JSONSyntaxError) {
    position += 1
    let isNegative = current == UInt8(ascii: "-")
    if isNegative || current == UInt8(ascii: "+") { position += 1 }
    var exponent = 0
    // Capped, so that a long run of digits cannot overflow; the cap is far outside what is exact.
    try digits { exponent = min(exponent * 10 + Int($0), 1_000_000) }
    decimal.exponent += isNegative ? -exponent : exponent
  }

  /// Passes one or more decimal digits to `body`, each as 0...9.
  @inline(__always) private mutating func digits(_ body: (UInt8) -> Void) throws(JSONSyntaxError) {
    guard isDigit(current) else { throw failure("a digit") }
    repeat {
      body(current - UInt8(ascii: "0"))
      position += 1
    } while isDigit(current)
  }

  @inline(__always) private func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10
  }
}

/// The value `mantissa` x 10^`exponent`, as long as 19 significant digits hold it.
private struct Decimal {
  var mantissa: UInt64 = 0
  var exponent = 0
  var significantDigits = 0

  @inline(__always) mutating func append(_ digit: UInt8, isFraction: Bool) {
    // 10^19 - 1 still fits 64 bits.
    if significantDigits < 19 {
      mantissa = mantissa &* 10 &+ UInt64(digit)
      if isFraction { exponent -= 1 }
    }
    if mantissa != 0 { significantDigits += 1 }
  }

  /// The value as a signed integer; nil for minus zero, whose sign only a double keeps, and beyond 64 bits.
  func integer(isNegative: Bool) -> Int64? {
    guard significantDigits <= 19 else { return nil }
    guard isNegative else { return Int64(exactly: mantissa) }
    guard mantissa != 0, mantissa <= Int64.min.magnitude else { return nil }
    return Int64(truncatingIfNeeded: 0 &- mantissa)
  }

  /// The magnitude, if one exact operation gives it.
  var exactDouble: Double? {
    guard significantDigits <= 19, mantissa <= 1 << 53, (-22...22).contains(exponent) else { return nil }
    let value = Double(mantissa)
    return exponent < 0 ? value / powersOfTen[-exponent] : value * powersOfTen[exponent]
  }
}

/// 10^0...10^22, the powers of ten that are exact doubles.
private let powersOfTen: [Double] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]
