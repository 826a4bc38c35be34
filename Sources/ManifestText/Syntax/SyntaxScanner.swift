internal import Basics

/// A cursor over the bytes of a text, and what was found wrong on the way.
struct SyntaxScanner {
  let bytes: [UInt8]
  var position = 0
  private(set) var errors: [SyntaxError] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    checkUTF8()
  }

  var isAtEnd: Bool { position >= bytes.count }

  /// The byte under the cursor; 0 at the end, which no production of a language accepts.
  var current: UInt8 { byte(at: position) }

  func byte(at offset: Int) -> UInt8 { offset < bytes.count ? bytes[offset] : 0 }

  /// Whether a line ends at `offset`, by "\n" or "\r\n"; the end of the text counts.
  func endsLine(at offset: Int) -> Bool {
    offset >= bytes.count || bytes[offset] == .newline
      || bytes[offset] == .carriageReturn && byte(at: offset + 1) == .newline
  }

  /// Whether `text` stands at `offset`.
  func has(_ text: StaticString, at offset: Int) -> Bool {
    guard offset + text.utf8CodeUnitCount <= bytes.count else { return false }
    for index in 0..<text.utf8CodeUnitCount where bytes[offset + index] != text.utf8Start[index] { return false }
    return true
  }

  mutating func skipBlanks() {
    while current == .space || current == .tab { position += 1 }
  }

  /// Steps over the end of a line, where one is.
  mutating func skipLineEnd() {
    guard !isAtEnd else { return }
    if current == .carriageReturn { position += 1 }
    if current == .newline { position += 1 }
  }

  mutating func skipToLineEnd() {
    while !endsLine(at: position) { position += 1 }
  }

  func text(_ lower: Int, _ upper: Int) -> String { String(decoding: bytes[lower..<upper], as: UTF8.self) }

  /// What stands at the cursor, for a message.
  var found: String { found(at: position) }

  func found(at offset: Int) -> String {
    if offset >= bytes.count { return "the end of the text" }
    if endsLine(at: offset) { return "the end of the line" }
    let byte = bytes[offset]
    if (0x21..<0x7F).contains(byte) {
      return "\(byte == UInt8(ascii: "'") ? "\"'\"" : "'\(Character(Unicode.Scalar(byte)))'")"
    }
    if byte == .space { return "a blank" }
    if byte < 0x80 { return "the control character 0x\(hexadecimal(byte))" }
    var end = offset + 1
    while end < bytes.count, end < offset + 4, bytes[end] & 0xC0 == 0x80 { end += 1 }
    return "'\(text(offset, end))'"
  }

  mutating func fail(_ lower: Int, _ upper: Int, _ message: String, _ remedy: String? = nil) {
    // What is missing at the end of the text has an empty range there.
    let lower = min(lower, bytes.count)
    let range = SourceRange(lower, min(max(lower, upper), bytes.count))
    errors.append(SyntaxError(range: range, message: message, remedy: remedy))
  }

  /// Takes back what was found wrong since there were `count` errors.
  mutating func forgetErrors(since count: Int) { errors.removeLast(errors.count - count) }

  /// The errors in the order of the text, the first ``SyntaxTree/errorLimit`` of them.
  func orderedErrors() -> [SyntaxError] {
    let sorted = errors.enumerated().sorted {
      ($0.element.range.lower, $0.offset) < ($1.element.range.lower, $1.offset)
    }
    return sorted.prefix(SyntaxTree.errorLimit).map(\.element)
  }

  /// Notes sequences that are not UTF-8. Where they stand in strings they read as replacement characters.
  private mutating func checkUTF8() {
    if has("\u{FEFF}", at: 0) {
      fail(0, 3, "a byte-order mark begins the text", "save the file as UTF-8 without a byte-order mark")
      position = 3
    }
    var offset = 0
    while offset < bytes.count {
      if bytes[offset] < 0x80 {
        offset += 1
        continue
      }
      let length = sequenceLength(at: offset)
      if length > 0 {
        offset += length
        continue
      }
      let start = offset
      repeat { offset += 1 } while offset < bytes.count && bytes[offset] >= 0x80 && sequenceLength(at: offset) == 0
      fail(
        start, offset, "expected UTF-8, found the byte 0x\(hexadecimal(bytes[start]))",
        "save the file in the encoding UTF-8")
    }
  }

  /// How many bytes the sequence of a scalar beyond ASCII has; 0 where there is none (Unicode, table 3-7).
  private func sequenceLength(at offset: Int) -> Int {
    let lead = bytes[offset]
    let (count, second): (Int, ClosedRange<UInt8>)
    switch lead {
    case 0xC2...0xDF: (count, second) = (2, 0x80...0xBF)
    case 0xE0: (count, second) = (3, 0xA0...0xBF)
    case 0xED: (count, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (count, second) = (3, 0x80...0xBF)
    case 0xF0: (count, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (count, second) = (4, 0x80...0xBF)
    case 0xF4: (count, second) = (4, 0x80...0x8F)
    default: return 0
    }
    guard second.contains(byte(at: offset + 1)) else { return 0 }
    for index in stride(from: 2, to: count, by: 1) where byte(at: offset + index) & 0xC0 != 0x80 { return 0 }
    return count
  }

  func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }

  /// The character that a letter behind a backslash stands for, in TOML as in JSON; nil where it stands for none.
  static func escaped(_ letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "t"): .tab
    case UInt8(ascii: "n"): .newline
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "r"): .carriageReturn
    case .quote, .backslash: letter
    default: nil
    }
  }

  /// The scalar of `count` hexadecimal digits at the cursor, which moves behind them; nil, and the cursor unmoved,
  /// where they are no Unicode scalar value. `isUnit` lets halves of surrogate pairs pass.
  mutating func hexadecimalScalar(_ count: Int, isUnit: Bool = false) -> UInt32? {
    var value: UInt32 = 0
    for index in 0..<count {
      guard let digit = Character(Unicode.Scalar(byte(at: position + index))).hexDigitValue,
        byte(at: position + index) < 0x80
      else { return nil }
      value = value << 4 | UInt32(digit)
    }
    guard isUnit || Unicode.Scalar(value) != nil else { return nil }
    position += count
    return value
  }
}

extension UInt8 {
  static let newline = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let tab = UInt8(ascii: "\t")
  static let space = UInt8(ascii: " ")
  static let quote = UInt8(ascii: "\"")
  static let apostrophe = UInt8(ascii: "'")
  static let backslash = UInt8(ascii: "\\")

  /// Whether it is a control character that texts may not have, the tab left out.
  var isControl: Bool { self < 0x20 && self != .tab || self == 0x7F }

  var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

  /// Whether a key of TOML may have it without quotes.
  var isBareKey: Bool {
    isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) || self == UInt8(ascii: "-")
      || self == UInt8(ascii: "_")
  }
}

extension [UInt8] {
  /// Appends a scalar's UTF-8.
  mutating func append(scalar value: UInt32) {
    if let scalar = Unicode.Scalar(value) {
      append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }
}
