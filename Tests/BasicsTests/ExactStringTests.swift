import Basics
import Testing

@Suite struct ExactStringTests {
  /// U+00E9, and "e" with a combining acute accent: one text to Unicode, two names to us.
  private let composed: ExactString = "caf\u{E9}"
  private let decomposed: ExactString = "cafe\u{301}"

  @Test func normalFormsAreDifferentNames() {
    #expect(composed.text == decomposed.text)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed, composed]).count == 2)
    #expect([composed: 1, decomposed: 2][decomposed] == 2)
  }

  @Test(arguments: 0..<100 as Range<UInt64>) func equalityOrderAndHashAreThoseOfTheBytes(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let scalars: [Unicode.Scalar] = ["a", "b", "\u{301}", "\u{E9}", "\u{4E00}", "\u{1F600}", "\0"]
    func name() -> ExactString {
      var text = ""
      for _ in 0..<random.index(below: 12) { text.unicodeScalars.append(scalars[random.index(below: scalars.count)]) }
      return ExactString(text)
    }
    let names = (0..<30).map { _ in name() }
    for first in names {
      for second in names {
        let (a, b) = (Array(first.text.utf8), Array(second.text.utf8))
        #expect((first == second) == (a == b), "seed \(seed)")
        #expect((first < second) == a.lexicographicallyPrecedes(b), "seed \(seed)")
        if first == second { #expect(first.hashValue == second.hashValue, "seed \(seed)") }
      }
    }
  }

  @Test func previewsAreBounded() {
    let marks = "a" + String(repeating: "\u{301}", count: 200_000)
    #expect(Preview.quoted(marks).utf8.count < 200)
    #expect(Preview.quoted("short") == "\"short\"")
    #expect(Preview.list([String]()) == "none")
    #expect(Preview.list(["a", "b"]) == "\"a\", \"b\"")
    #expect(Preview.list((0..<10_000).map { "pipeline-\($0)" }).hasSuffix("\"pipeline-9\" and 9990 more"))
    let exact = String(repeating: "x", count: Preview.characterLimit)
    #expect(Preview.cut(exact) == exact)
    #expect(Preview.cut(exact + "x") == exact.dropLast(3) + "...")
  }
}
