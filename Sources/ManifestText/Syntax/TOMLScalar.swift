internal import Basics

/// A number, a boolean or a date of TOML.
struct TOMLScalar {
  let value: SyntaxNode.Value

  /// Nil where the word is none.
  init?(_ word: String) {
    switch word {
    case "true": value = .boolean(true)
    case "false": value = .boolean(false)
    case "inf", "+inf": value = .float(.infinity)
    case "-inf": value = .float(-.infinity)
    case "nan", "+nan", "-nan": value = .float(.nan)
    default:
      let bytes = Array(word.utf8)
      if Self.isDateTime(bytes) {
        value = .dateTime(word)
      } else if let number = Self.number(bytes) {
        value = number
      } else {
        return nil
      }
    }
  }

  /// What is wrong with a word that is no value.
  static func fault(of word: String) -> (message: String, remedy: String?) {
    let bytes = Array(word.utf8)
    let shown = Preview.cut(word)
    switch ExactString(word.lowercased()) {
    case "true", "false": return ("expected a value, found \(shown)", "write \(word.lowercased())")
    case "yes", "on": return ("expected a value, found \(shown)", "write true")
    case "no", "off": return ("expected a value, found \(shown)", "write false")
    case "null", "none", "nil": return ("TOML has no \(shown)", "leave the key out")
    default: break
    }
    if let first = bytes.first(where: { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }),
      first.isDigit || first == UInt8(ascii: ".")
    {
      if isInteger(bytes) {
        return ("the integer \(shown) needs more than 64 bits", "write it with a point, as in 1e19")
      }
      if bytes.count > 7, bytes.contains(UInt8(ascii: ":")) || bytes.dropFirst(4).first == UInt8(ascii: "-") {
        return ("\(shown) is no date or time", "write it as 2026-11-27T12:00:00Z, or put it between quotes")
      }
      return ("\(shown) is no number", "write it as 1500, 1_500, 0.15 or 1.5e-1, or put it between quotes")
    }
    return ("expected a value, found \(shown)", "put a string between quotes")
  }

  // MARK: Numbers

  private static func number(_ bytes: [UInt8]) -> SyntaxNode.Value? {
    if isInteger(bytes) { return integer(bytes).map { .integer($0) } }
    guard let end = decimalEnd(bytes), end < bytes.count else { return nil }
    var next = end
    if bytes[next] == UInt8(ascii: ".") {
      guard let fraction = digitsEnd(bytes, next + 1, 10) else { return nil }
      next = fraction
    }
    if next < bytes.count, bytes[next] == UInt8(ascii: "e") || bytes[next] == UInt8(ascii: "E") {
      next += 1
      if next < bytes.count, bytes[next] == UInt8(ascii: "+") || bytes[next] == UInt8(ascii: "-") { next += 1 }
      guard let exponent = digitsEnd(bytes, next, 10) else { return nil }
      next = exponent
    }
    guard next == bytes.count else { return nil }
    return Double(String(decoding: bytes.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)).map { .float($0) }
  }

  /// Whether it is written as an integer, of whatever size.
  private static func isInteger(_ bytes: [UInt8]) -> Bool {
    if let radix = radix(bytes) { return digitsEnd(bytes, 2, radix) == bytes.count }
    return decimalEnd(bytes) == bytes.count
  }

  private static func radix(_ bytes: [UInt8]) -> Int? {
    guard bytes.count > 2, bytes[0] == UInt8(ascii: "0") else { return nil }
    switch bytes[1] {
    case UInt8(ascii: "x"): return 16
    case UInt8(ascii: "o"): return 8
    case UInt8(ascii: "b"): return 2
    default: return nil
    }
  }

  private static func integer(_ bytes: [UInt8]) -> Int64? {
    let radix = radix(bytes)
    let digits = bytes.dropFirst(radix == nil ? 0 : 2).filter { $0 != UInt8(ascii: "_") }
    return Int64(String(decoding: digits, as: UTF8.self), radix: radix ?? 10)
  }

  /// Where the sign and the digits before the point end; nil where there are none, or a zero leads.
  private static func decimalEnd(_ bytes: [UInt8]) -> Int? {
    var start = 0
    if let first = bytes.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") { start = 1 }
    guard start < bytes.count else { return nil }
    return bytes[start] == UInt8(ascii: "0") ? start + 1 : digitsEnd(bytes, start, 10)
  }

  /// Where digits from `start` end, with single underscores between them; nil where there are none.
  private static func digitsEnd(_ bytes: [UInt8], _ start: Int, _ radix: Int) -> Int? {
    var end = start
    while end < bytes.count {
      let isDigit = bytes[end] < 0x80 && Character(Unicode.Scalar(bytes[end])).hexDigitValue.map { $0 < radix } ?? false
      if isDigit {
        end += 1
      } else if bytes[end] == UInt8(ascii: "_"), end > start, bytes[end - 1] != UInt8(ascii: "_") {
        end += 1
      } else {
        break
      }
    }
    return end > start && bytes[end - 1] != UInt8(ascii: "_") ? end : nil
  }

  // MARK: Dates

  private static func isDateTime(_ bytes: [UInt8]) -> Bool {
    if bytes.count >= 8, bytes[2] == UInt8(ascii: ":") { return timeEnd(bytes, 0) == bytes.count }
    guard bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      let year = digits(bytes, 0, 4), let month = digits(bytes, 5, 2), let day = digits(bytes, 8, 2),
      year > 0, (1...12).contains(month), (1...dayCount(year, month)).contains(day)
    else { return false }
    if bytes.count == 10 { return true }
    guard [UInt8(ascii: "T"), UInt8(ascii: "t"), .space].contains(bytes[10]), let end = timeEnd(bytes, 11) else {
      return false
    }
    if end == bytes.count { return true }
    switch bytes[end] {
    case UInt8(ascii: "Z"), UInt8(ascii: "z"): return end + 1 == bytes.count
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      guard end + 6 == bytes.count, bytes[end + 3] == UInt8(ascii: ":"), let hour = digits(bytes, end + 1, 2),
        let minute = digits(bytes, end + 4, 2)
      else { return false }
      return hour < 24 && minute < 60
    default: return false
    }
  }

  /// Where a time with seconds ends that begins at `start`.
  private static func timeEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
    guard bytes.count >= start + 8, bytes[start + 2] == UInt8(ascii: ":"), bytes[start + 5] == UInt8(ascii: ":"),
      let hour = digits(bytes, start, 2), let minute = digits(bytes, start + 3, 2),
      let second = digits(bytes, start + 6, 2), hour < 24, minute < 60, second < 60
    else { return nil }
    var end = start + 8
    guard end < bytes.count, bytes[end] == UInt8(ascii: ".") else { return end }
    end += 1
    let fraction = end
    while end < bytes.count, bytes[end].isDigit { end += 1 }
    return end > fraction ? end : nil
  }

  private static func digits(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int? {
    var value = 0
    for byte in bytes[start..<start + count] {
      guard byte.isDigit else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return value
  }

  private static func dayCount(_ year: Int, _ month: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
