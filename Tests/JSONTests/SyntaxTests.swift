import Basics
import JSON
import Testing

/// What the parser accepts and refuses, in the manner of RFC 8259 conformance collections.
@Suite struct SyntaxTests {
  /// Half a pair is U+FFFD for a reader who passes it, wherever it stands beside whole ones; the first is told.
  @Test(arguments: [
    (#""\ud800""#, "\u{FFFD}", 7), (#""a\ud83dz""#, "a\u{FFFD}z", 8), (#""\ud83d\u0041""#, "\u{FFFD}A", 9),
    (#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}", 9), (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}", 3),
    (#""\ud83d\ude00\ude00""#, "\u{1F600}\u{FFFD}", 15), (#""\ud83d\n""#, "\u{FFFD}\n", 8),
  ])
  func halfAPairIsPassed(_ text: String, _ read: String, _ offset: Int) throws {
    var buffer = GrowingBuffer<UInt8>()
    Array(text.utf8).withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
    let passed = try JSON.pass(JSONText(buffer), maximumDepth: 4)
    #expect(passed.value.stringValue?.text == read && passed.halfPair?.offset == offset)
    #expect(throws: JSONSyntaxError.self) { try JSON.parse(text) }
    #expect(read.utf16.count == passed.value.stringValue?.text.utf16.count)
  }

  @Test(
    arguments: [
      ("null", JSON.null), (" true ", .bool(true)), ("\t\r\nfalse", .bool(false)),
      ("0", .integer(0)), ("-1", .integer(-1)), ("1410", .integer(1410)),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("-9223372036854775809", .number(-0x1p63)),
      ("18446744073709551616", .number(0x1p64)),
      ("1e3", .number(1000)), ("1E+2", .number(100)), ("25e-1", .number(2.5)), ("1.0", .number(1)),
      ("0e0", .number(0)),
      ("1e-400", .number(0)),
      ("0.1", .number(0.1)),
      ("1.7976931348623157e308", .number(1.7976931348623157e308)),
      ("5e-324", .number(Double.leastNonzeroMagnitude)), ("0.00000000000000000000000000000001", .number(1e-32)),
      ("\"\"", .string("")),
      ("\"a/b\"", .string("a/b")),
      (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")),
      (#""\u0041\u00e9\uD83D\uDE00""#, .string("Aé😀")), ("\"é😀\u{7F}\u{10FFFF}\"", .string("é😀\u{7F}\u{10FFFF}")),
      (#""\u0000""#, .string("\0")), ("[]", .array([])), ("[ 1 , [ ] , { } ]", [1, [], .object(JSONObject())]),
      ("{\"a\":1,\"b\":{\"c\":[null]}}", ["a": 1, "b": ["c": [nil]]]), ("{\"\":0}", ["": 0]),
    ] as [(String, JSON)])
  func accepts(text: String, value: JSON) throws {
    #expect(try JSON.parse(text) == value)
  }

  @Test func minusZeroKeepsItsSign() throws {
    for text in ["-0", "-0.0", "-0e5"] {
      #expect(try JSON.parse(text).doubleValue?.sign == .minus, "\(text)")
    }
  }

  @Test(
    arguments: [
      ("", 0, "a value", "the end of the text"), (" ", 1, "a value", "the end of the text"),
      ("nul", 3, "null", "the end of the text"), ("nulL", 3, "null", "'L'"), ("True", 0, "a value", "'T'"),
      ("NaN", 0, "a value", "'N'"), ("Infinity", 0, "a value", "'I'"), ("-Infinity", 1, "a digit", "'I'"),
      ("01", 1, "no digit after a leading zero", "'1'"), ("-01", 2, "no digit after a leading zero", "'1'"),
      ("+1", 0, "a value", "'+'"), (".5", 0, "a value", "'.'"), ("1.", 2, "a digit", "the end of the text"),
      ("1.e1", 2, "a digit", "'e'"),
      ("1e", 2, "a digit", "the end of the text"),
      ("-", 1, "a digit", "the end of the text"),
      ("1e400", 0, "a number no larger than 1.8e308 in magnitude", "'1'"),
      ("0x10", 1, "the end of the text", "'x'"),
      ("1 2", 2, "the end of the text", "'2'"), ("1\0", 1, "the end of the text", "byte 0x00"),
      ("[1,]", 3, "a value", "']'"),
      ("[1 2]", 3, "',' or ']'", "'2'"),
      ("[1", 2, "',' or ']'", "the end of the text"),
      ("[,1]", 1, "a value", "','"), ("]", 0, "a value", "']'"), ("{\"a\" 1}", 5, "':'", "'1'"),
      ("{a:1}", 1, "a member name in double quotes", "'a'"),
      ("{\"a\":1,}", 7, "a member name in double quotes", "'}'"),
      ("{\"a\":1", 6, "',' or '}'", "the end of the text"), ("{\"a\":1 \"b\":2}", 7, "',' or '}'", "'\"'"),
      ("// x", 0, "a value", "'/'"),
      ("'a'", 0, "a value", "'''"),
      ("\"a", 2, "'\"' to end the string", "the end of the text"),
      ("\"\n\"", 1, "an escaped control character", "byte 0x0A"),
      ("\"\\x\"", 2, "one of \"\\/bfnrtu after a backslash", "'x'"),
      ("\"\\u12G4\"", 5, "a hexadecimal digit", "'G'"),
      ("\"\\", 2, "one of \"\\/bfnrtu after a backslash", "the end of the text"),
      ("\"\\uD800\"", 7, "a low surrogate escape after a high one", "'\"'"),
      ("\"\\uD800\\n\"", 8, "a low surrogate escape after a high one", "'n'"),
      ("\"\\uD800\\u0041\"", 9, "a low surrogate escape after a high one", "'0'"),
      ("\"\\uDC00\"", 3, "a high surrogate escape before a low one", "'D'"),
      ("\u{FEFF}1", 0, "a value", "byte 0xEF"),
    ] as [(String, Int, String, String)])
  func refuses(text: String, offset: Int, expected: String, found: String) {
    #expect(throws: JSONSyntaxError(offset: offset, expected: expected, found: found), "\(text)") {
      try JSON.parse(text)
    }
  }

  @Test(
    arguments: [
      [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
      [0xED, 0xA0, 0x80],
      [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
      [0xF0, 0x9F, 0x98],
      [0xFE], [0xFF],
    ] as [[UInt8]])
  func refusesInvalidUTF8(bytes: [UInt8]) {
    let error = #expect(throws: JSONSyntaxError.self) {
      try JSON.parse([UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")])
    }
    #expect(error?.expected == "valid UTF-8")
  }

  @Test func acceptsTheEdgesOfUTF8() throws {
    for scalar in ["\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}"] {
      #expect(try JSON.parse("\"\(scalar)\"") == .string(scalar))
    }
  }

  @Test func boundsNesting() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSON.parse(nested(128))
    #expect(throws: JSONSyntaxError(offset: 128, expected: "at most 128 levels of nesting", found: "'['")) {
      try JSON.parse(nested(129))
    }
    #expect(throws: JSONSyntaxError.self) { try JSON.parse(nested(100_000)) }
    #expect(throws: JSONSyntaxError.self) { try JSON.parse(nested(100_000), maximumDepth: .max) }
    #expect(throws: JSONSyntaxError.self) { try JSON.parse(String(repeating: "{\"a\":", count: 100_000)) }
    #expect(throws: JSONSyntaxError.self) { try JSON.parse("[[]]", maximumDepth: 1) }
    #expect(try JSON.parse("[]", maximumDepth: 1) == [])
  }

  @Test func firstDuplicateWins() throws {
    let value = try JSON.parse(#"{"a":1,"b":2,"a":3}"#)
    #expect(value["a"] == 1)
    #expect(value.objectValue?.value(of: "a") == 1)
    #expect(value.text == #"{"a":1,"b":2,"a":3}"#)
    #expect(value.canonicalText == #"{"a":1,"b":2}"#)
  }

  @Test func namesAreComparedByBytes() throws {
    // U+212A, the Kelvin sign, is canonically equivalent to the letter K.
    let object = try #require(try JSON.parse("{\"\u{212A}\":1}").objectValue)
    #expect(object.value(of: "K") == nil)
  }
}
