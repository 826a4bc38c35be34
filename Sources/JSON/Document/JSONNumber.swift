// Exact decimal to binary conversion. A mantissa below 2^53 and a power of ten up to 10^22 are both exact doubles,
// so one correctly rounded multiplication or division gives the correctly rounded result (Clinger 1990,
// "How to read floating point numbers accurately", DOI 10.1145/93542.93557). Up to 10^27 the power of five fits 64
// bits: then the product of 128 bits, or the quotient of 64 bits with its remainder, is exact and is rounded once.
// Everything else goes to the standard library's converter, which is correctly rounded and knows no locale.

/// Reads numbers whose spelling has been checked.
enum JSONNumber {
  /// The number at `text`, which ends where no character of a number follows: an integer if it is written as one and
  /// fits 64 bits, else the nearest double.
  static func value(at text: UnsafePointer<UInt8>) -> JSON {
    var cursor = text
    let isNegative = cursor.pointee == UInt8(ascii: "-")
    if isNegative { cursor += 1 }
    var decimal = Decimal()
    decimal.appendDigits(at: &cursor, isFraction: false)
    var isInteger = true
    if cursor.pointee == UInt8(ascii: ".") {
      isInteger = false
      cursor += 1
      decimal.appendDigits(at: &cursor, isFraction: true)
    }
    if cursor.pointee | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      cursor += 1
      decimal.appendExponent(at: &cursor)
    }
    if isInteger, let value = decimal.integer(isNegative: isNegative) { return .integer(value) }
    if let value = decimal.double { return .number(isNegative ? -value : value) }
    let spelling = UnsafeBufferPointer(start: text, count: cursor - text)
    // The spelling has been checked, so there is a value; one beyond all doubles is infinite.
    return .number(Double(String(decoding: spelling, as: UTF8.self)) ?? .infinity)
  }

  @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  /// Whether all eight bytes are decimal digits; the first of them is the lowest.
  @inline(__always) static func areDigits(_ eight: UInt64) -> Bool {
    let lows = (eight &+ 0x0606_0606_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0
    return eight & 0xF0F0_F0F0_F0F0_F0F0 | lows >> 4 == 0x3333_3333_3333_3333
  }

  @inline(__always) static func eightBytes(at text: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(text).loadUnaligned(as: UInt64.self))
  }
}

/// The value `mantissa` x 10^`exponent`, as long as 19 significant digits hold it.
private struct Decimal {
  var mantissa: UInt64 = 0
  var exponent = 0
  var significantDigits = 0

  @inline(__always) mutating func appendDigits(at cursor: inout UnsafePointer<UInt8>, isFraction: Bool) {
    while JSONNumber.isDigit(cursor.pointee) {
      // 10^19 - 1 still fits 64 bits.
      if significantDigits < 19 {
        mantissa = mantissa &* 10 &+ UInt64(cursor.pointee &- UInt8(ascii: "0"))
        if isFraction { exponent -= 1 }
      }
      if mantissa != 0 { significantDigits += 1 }
      cursor += 1
    }
  }

  mutating func appendExponent(at cursor: inout UnsafePointer<UInt8>) {
    let isNegative = cursor.pointee == UInt8(ascii: "-")
    if isNegative || cursor.pointee == UInt8(ascii: "+") { cursor += 1 }
    var value = 0
    while JSONNumber.isDigit(cursor.pointee) {
      // Capped, so that a long run of digits cannot overflow; the cap is far outside what is exact.
      value = min(value * 10 + Int(cursor.pointee &- UInt8(ascii: "0")), 1_000_000)
      cursor += 1
    }
    exponent += isNegative ? -value : value
  }

  /// The value as a signed integer; nil for minus zero, whose sign only a double keeps, and beyond 64 bits.
  func integer(isNegative: Bool) -> Int64? {
    guard significantDigits <= 19 else { return nil }
    guard isNegative else { return Int64(exactly: mantissa) }
    guard mantissa != 0, mantissa <= Int64.min.magnitude else { return nil }
    return Int64(truncatingIfNeeded: 0 &- mantissa)
  }

  /// The magnitude, correctly rounded, where 128 bits are enough to tell; else nil.
  var double: Double? {
    guard significantDigits <= 19 else { return nil }
    if mantissa <= 1 << 53, (-22...22).contains(exponent) {
      let value = Double(mantissa)
      return exponent < 0 ? value / powersOfTen[-exponent] : value * powersOfTen[exponent]
    }
    guard mantissa != 0, (-27...27).contains(exponent) else { return nil }
    return exponent < 0 ? quotient : product
  }

  /// `mantissa` x 5^`exponent` has at most 128 bits.
  private var product: Double {
    let (high, low) = mantissa.multipliedFullWidth(by: powersOfFive[exponent])
    let shift = high.leadingZeroBitCount
    guard shift < 64 else { return rounded(low, isExact: true, exponent: exponent) }
    // The upper 64 significant bits, and whether any below them is set.
    let upper = high << UInt64(shift) | (shift == 0 ? 0 : low >> UInt64(64 - shift))
    return rounded(upper, isExact: low << UInt64(shift) == 0, exponent: exponent + 64 - shift)
  }

  /// `mantissa` / 5^-`exponent`, to 62 bits and a remainder.
  private var quotient: Double {
    let divisor = powersOfFive[-exponent]
    let (shift, divisorShift) = (mantissa.leadingZeroBitCount, divisor.leadingZeroBitCount)
    let dividend = mantissa << UInt64(shift)
    // Half of the dividend is below the divisor, whose top bit is set, so the quotient fits.
    let (quotient, remainder) = (divisor << UInt64(divisorShift)).dividingFullWidth((dividend >> 1, dividend << 63))
    return rounded(quotient, isExact: remainder == 0, exponent: exponent - 63 + divisorShift - shift)
  }

  /// `value` x 2^`exponent` rounded to nearest, ties to even; a value that is not exact is a little above.
  private func rounded(_ value: UInt64, isExact: Bool, exponent: Int) -> Double {
    let dropped = max(11 - value.leadingZeroBitCount, 0)
    var kept = value >> UInt64(dropped)
    if dropped > 0 {
      let half = UInt64(1) << UInt64(dropped - 1)
      let rest = value & ((half << 1) - 1)
      if rest > half || rest == half && (!isExact || kept & 1 == 1) { kept += 1 }
    }
    return Double(sign: .plus, exponent: exponent + dropped, significand: Double(kept))
  }
}

/// 10^0...10^22, the powers of ten that are exact doubles.
private let powersOfTen: [Double] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]

/// 5^0...5^27, the powers of five that fit 64 bits.
private let powersOfFive: [UInt64] = (0...27).map { (0..<$0).reduce(1) { (power, _) in power * 5 } }
