extension JSONScanner {
  /// Scans a number. Only whole numbers that fit their word are read here.
  @inline(__always) mutating func number() throws(JSONSyntaxError) {
    let start = position
    let isNegative = current == UInt8(ascii: "-")
    if isNegative { position += 1 }
    let digitsStart = position
    var magnitude: UInt64 = 0
    if current == UInt8(ascii: "0") {
      position += 1
      if JSONNumber.isDigit(current) { throw failure("no digit after a leading zero") }
    } else {
      guard JSONNumber.isDigit(current) else { throw failure("a digit") }
      repeat {
        magnitude = magnitude &* 10 &+ UInt64(current &- UInt8(ascii: "0"))
        position += 1
      } while JSONNumber.isDigit(current)
    }
    let digitCount = position - digitsStart
    var isInteger = true
    var hasExponent = false
    if current == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try skipDigits()
    }
    if current | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      hasExponent = true
      position += 1
      if current == UInt8(ascii: "-") || current == UInt8(ascii: "+") { position += 1 }
      try skipDigits()
    }
    // Minus zero keeps its sign only as a double. 18 digits have not overflowed.
    if isInteger, digitCount <= 18, !(isNegative && magnitude == 0) {
      let value = Int64(truncatingIfNeeded: magnitude)
      if let word = JSONWord(integer: isNegative ? 0 &- value : value) { return words.append(word.bits) }
    }
    // Without an exponent, 308 digits before the point are below the largest double.
    if hasExponent || digitCount > 308 { try checkRange(from: start) }
    words.append(JSONWord(.number, low: start).bits)
  }

  private func checkRange(from start: Int) throws(JSONSyntaxError) {
    if case .number(let value) = JSONNumber.value(at: bytes + start), !value.isFinite {
      throw failure("a number no larger than 1.8e308 in magnitude", at: start)
    }
  }

  /// Steps over one or more decimal digits.
  @inline(__always) private mutating func skipDigits() throws(JSONSyntaxError) {
    guard JSONNumber.isDigit(current) else { throw failure("a digit") }
    while position + 8 <= count, JSONNumber.areDigits(JSONNumber.eightBytes(at: bytes + position)) { position += 8 }
    while JSONNumber.isDigit(current) { position += 1 }
  }
}
