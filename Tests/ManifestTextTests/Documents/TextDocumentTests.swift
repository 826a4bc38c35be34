import Basics
import CLibrary
import ManifestText
import Testing

@Suite struct TextDocumentTests {
  @Test func linesEndInThreeWays() {
    let document = TextDocument("a\nb\r\nc\rd")
    #expect(document.lineCount == 4)
    #expect((0..<4).map { document[document.content(ofLine: $0)] } == ["a", "b", "c", "d"])
    #expect(TextDocument("").lineCount == 1)
    #expect(TextDocument("\n").lineCount == 2)
  }

  @Test func aCharacterCountsDifferentlyInEachEncoding() {
    let document = TextDocument("é😀z")
    let ends = PositionEncoding.allCases.map { document.position(of: 7, in: $0).character }
    #expect(ends == [7, 4, 3])
  }

  /// Editors send such places where they and the server disagree; the nearest sensible one stands for them.
  @Test func placesOutsideTheTextStandForTheNearestInside() {
    let document = TextDocument("é😀\r\nz")
    func offset(_ line: Int, _ character: Int, _ encoding: PositionEncoding = .utf16) -> Int {
      document.offset(of: TextPosition(line: line, character: character), in: encoding)
    }
    #expect(offset(0, 99) == 6)
    #expect(offset(0, 99, .utf8) == 6)
    #expect(offset(9, 0) == 9)
    #expect(offset(-1, 3) == 0)
    #expect(offset(1, -2) == 8)
    // Between the two units of the emoji, and within its bytes.
    #expect(offset(0, 2) == 2)
    #expect(offset(0, 4, .utf8) == 2)
    // Between the carriage return and the line feed.
    #expect(document.position(of: 7, in: .utf16) == TextPosition(line: 0, character: 3))
  }

  @Test func aReversedRangeIsTheSameRange() {
    var document = TextDocument("0123456789")
    document.replace(
      TextRange(start: TextPosition(line: 0, character: 6), end: TextPosition(line: 0, character: 2)), with: "-",
      in: .utf16)
    #expect(document.text == "01-6789")
  }

  /// A line feed typed behind a carriage return makes one line end of two, and so on.
  @Test func lineEndsJoinAndPart() {
    var document = TextDocument("a\rb")
    document.replace(SourceRange(2, 2), with: "\n")
    #expect(document.lineCount == 2)
    document.replace(SourceRange(2, 2), with: "x")
    #expect(document.lineCount == 3)
    document.replace(SourceRange(2, 3), with: "")
    #expect(document.lineCount == 2)
    document.replace(SourceRange(1, 2), with: "")
    #expect(document.text == "a\nb")
    #expect(document.lineCount == 2)
  }

  /// On a long line places are counted from marks, which follow every edit.
  @Test func placesOnALongLineAreCountedAsOnAShortOne() {
    var random = SplitMix64(seed: 7)
    func line(_ count: Int) -> String {
      var text = ""
      for _ in 0..<count { text += ["a", "é", "漢", "😀", "👩\u{200D}🚀"][random.index(below: 5)] }
      return text
    }
    func check(_ document: TextDocument) {
      for encoding in PositionEncoding.allCases {
        var (offset, place) = (0, TextPosition(line: 0, character: 0))
        for scalar in document.text.unicodeScalars {
          #expect(document.position(of: offset, in: encoding) == place)
          offset += UTF8.width(scalar)
          switch encoding {
          case _ where scalar == "\n": place = TextPosition(line: place.line + 1, character: 0)
          case .utf8: place.character += UTF8.width(scalar)
          case .utf16: place.character += UTF16.width(scalar)
          case .utf32: place.character += 1
          }
        }
        #expect(document.position(of: offset, in: encoding) == place)
      }
    }
    var document = TextDocument("short\n" + line(3000) + "\nshort")
    check(document)
    // In the long line, before it, a line end in it, and that gone again.
    for (offset, text) in [(1030, "é😀"), (2, "漢"), (4000, "\n")] {
      let start = document.position(of: offset, in: .utf8)
      document.replace(TextRange(start: start, end: start), with: text, in: .utf8)
      check(document)
    }
    while document.lineCount > 1,
      let end = (0..<document.lineCount - 1).first.map({ document.content(ofLine: $0).upper })
    {
      document.replace(SourceRange(end, end + 1), with: "")
      check(document)
    }
    document.replaceAll(with: "é\nx")
    check(document)
  }

  /// Bytes that are not UTF-8 stand on the line on which they are.
  @Test func strayBytesAreOnTheirLine() {
    let document = TextDocument(Array("a\n".utf8) + [0x80, 0x80] + Array("b".utf8))
    #expect((2...4).map { document.position(of: $0, in: .utf32).line } == [1, 1, 1])
    #expect(document.position(of: 4, in: .utf32).character == 0)
  }

  private static func setting(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

  /// The text and every place in it are those of a text that is searched from its beginning each time.
  ///
  /// `TRIMTAB_TEXT_EDITS` says how many edits, `TRIMTAB_SEED` from which seed.
  @Test(arguments: PositionEncoding.allCases) func randomEditsGiveTheTextOfASimpleOne(
    _ encoding: PositionEncoding
  ) {
    let (count, seed) = (Self.setting("TRIMTAB_TEXT_EDITS") ?? 20_000, Self.setting("TRIMTAB_SEED") ?? 1)
    var random = SplitMix64(seed: UInt64(seed), index: encoding == .utf8 ? 0 : encoding == .utf16 ? 1 : 2)
    var document = TextDocument("")
    var simple = SimpleText()
    for number in 0..<count {
      // Sometimes too far in a line or in the text, so that they stand for an end.
      func place() -> TextPosition {
        TextPosition(line: random.index(below: simple.lines.count + 1), character: random.index(below: 24))
      }
      let range = TextRange(start: place(), end: place())
      let text = SimpleText.random(&random, isLong: simple.scalars.count < 60)
      document.replace(range, with: text, in: encoding)
      simple.replace(range, with: text, in: encoding)
      let label = "edit \(number) of seed \(seed)"
      guard document.text == simple.text, document.lineCount == simple.lines.count else {
        #expect(document.text == simple.text, "\(label)")
        #expect(document.lineCount == simple.lines.count, "\(label)")
        return
      }
      let index = random.index(below: simple.scalars.count + 1)
      for other in PositionEncoding.allCases {
        let (offset, position) = simple.place(ofScalar: index, in: other)
        #expect(document.position(of: offset, in: other) == position, "\(label), scalar \(index)")
        if simple.isPlace(index) {
          #expect(document.offset(of: position, in: other) == offset, "\(label), scalar \(index)")
        }
      }
    }
  }
}
