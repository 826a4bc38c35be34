import Basics
import JSON
import Testing

/// The parser against ``ReferenceParser``: the same value for the same text, or the same error at the same byte.
@Suite struct DifferentialTests {
  private static func reference(_ text: [UInt8], maximumDepth: Int) throws -> JSON {
    try text.withUnsafeBufferPointer { bytes in
      var parser = ReferenceParser(bytes, maximumDepth: maximumDepth)
      return try parser.document()
    }
  }

  private func expectSame(_ text: [UInt8], seed: UInt64, maximumDepth: Int = 16) {
    let expected = Result { try Self.reference(text, maximumDepth: maximumDepth) }.mapError { $0 as! JSONSyntaxError }
    let found = Result { try JSON.parse(text, maximumDepth: maximumDepth) }.mapError { $0 as! JSONSyntaxError }
    switch (expected, found) {
    case (.success(let expected), .success(let found)):
      // A NaN would differ from itself, but JSON text has none; the texts also tell 0 from -0.
      #expect(
        found == expected && found.text == expected.text, "seed \(seed): \(String(decoding: text, as: UTF8.self))")
      #expect(found.detached == expected && found.hashValue == expected.hashValue, "seed \(seed)")
    case (.failure(let expected), .failure(let found)): #expect(found == expected, "seed \(seed)")
    default: Issue.record("seed \(seed): \(expected), \(found): \(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>) func generatedTexts(seed: UInt64) {
    var generator = TextGenerator(seed: seed)
    for _ in 0..<50 { expectSame(generator.text(), seed: seed) }
  }

  @Test(arguments: 0..<40 as Range<UInt64>) func mutatedTexts(seed: UInt64) {
    var generator = TextGenerator(seed: seed)
    for _ in 0..<50 {
      var text = generator.text()
      for _ in 0...generator.random.index(below: 3) { generator.mutate(&text) }
      expectSame(text, seed: seed)
    }
  }

  /// Every length of the blocks of eight bytes that strings and digits are taken in, with each odd byte at each place.
  @Test func oddBytesAtEveryPlace() {
    for length in 0..<20 {
      for place in 0...length {
        for odd in ["\"", "\\", "\\n", "\\u00e9", "\\ud83d\\ude00", "\u{1}", "\u{7F}", "é", "\u{1F600}", "\0"] {
          let string = String(repeating: "a", count: place) + odd + String(repeating: "b", count: length - place)
          expectSame(Array("\"\(string)\"".utf8), seed: 0)
          expectSame(Array("{\"\(string)\":\"\(string)".utf8), seed: 0)
        }
        for odd in [".", "e", "-", "x", "", ".5e3", "e-7"] {
          let digits = String(repeating: "7", count: place) + odd + String(repeating: "3", count: length - place)
          expectSame(Array(digits.utf8), seed: 0)
          expectSame(Array("[0.\(digits)]".utf8), seed: 0)
        }
      }
    }
  }

  /// Decimal to binary conversion is correctly rounded, as the C library's is, on and around every border of its ways.
  @Test(arguments: 0..<40 as Range<UInt64>) func numbersAreCorrectlyRounded(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<500 {
      let magnitude = random.next() >> UInt64(random.index(below: 64))
      let exponent = random.index(below: 70) - 35
      // Half way between two doubles, and one digit beside.
      let half = (1 << 53 | random.next() >> 11) << 1 | 1
      for text in ["\(magnitude)e\(exponent)", "-\(magnitude)", "\(half)", "\(half)0", "\(half).5", "\(half)e-3"] {
        expectSame(Array(text.utf8), seed: seed)
      }
      let double = Double(bitPattern: random.next())
      if double.isFinite { #expect(try JSON.parse("\(double)").doubleValue == double, "seed \(seed)") }
    }
  }
}

/// Makes JSON text with all that the grammar allows, and damages it.
private struct TextGenerator {
  var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func text() -> [UInt8] { Array(value(depth: 0).utf8) }

  private mutating func value(depth: Int) -> String {
    let blank = pick(["", "", "", " ", "\n", "\t\r "])
    let value =
      switch random.index(below: depth > 5 ? 6 : 9) {
      case 0: pick(["null", "true", "false"])
      case 1: number()
      case 2: "\(Int64(bitPattern: random.next() >> UInt64(random.index(below: 64))))"
      case 3, 4: string()
      case 5: pick(["0", "-0", "1.0", "1e0", "9223372036854775807", "-9223372036854775808", "9223372036854775808"])
      case 6: "[" + list { $0.value(depth: depth + 1) } + "]"
      case 7: "[" + pick(["", " "]) + "]"
      default: "{" + list { $0.string() + $0.pick(["", " "]) + ":" + $0.value(depth: depth + 1) } + "}"
      }
    return blank + value + blank
  }

  private mutating func number() -> String {
    let digits = (0...random.index(below: 24)).map { _ in String(random.index(below: 10)) }.joined()
    return pick(["", "-"]) + pick(["0", "1", "17", "576460752303423488"]) + pick(["", ".\(digits)"])
      + pick(["", "", "e\(random.index(below: 330))", "E-\(random.index(below: 330))", "e+2"])
  }

  private mutating func string() -> String {
    let parts = [
      "a", "stage", "timeSeconds", "é", "e\u{301}", "\u{4E00}", "\u{1F600}", "\\n", "\\\"", "\\/", "\\u0041",
      "\\uD83D\\uDE00",
      "\\u0000", " ", "\u{7F}", "0123456789abcdef",
    ]
    return "\"" + (0..<random.index(below: 5)).map { _ in pick(parts) }.joined() + "\""
  }

  private mutating func list(_ element: (inout TextGenerator) -> String) -> String {
    (0..<random.index(below: 5)).map { _ in element(&self) }.joined(separator: ",")
  }

  mutating func mutate(_ text: inout [UInt8]) {
    let place = random.index(below: text.count + 1)
    switch random.index(below: 4) {
    case 0 where place < text.count: text.remove(at: place)
    case 1 where place < text.count: text[place] ^= 1 << UInt8(random.index(below: 8))
    case 2: text.removeSubrange(place...)
    default:
      text.insert(
        contentsOf: Array(pick(["\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", "\0", "é"]).utf8), at: place)
    }
  }

  private mutating func pick(_ choices: [String]) -> String { choices[random.index(below: choices.count)] }
}
