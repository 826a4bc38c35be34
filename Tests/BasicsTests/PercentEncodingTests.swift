import Basics
import Testing

@Suite struct PercentEncodingTests {
  /// The examples of RFC 3986, sections 2.3 and 2.5, and the bytes of UTF-8.
  @Test(arguments: [
    ("AZaz09-._~", "AZaz09-._~"), ("a b/c", "a%20b%2Fc"), ("À", "%C3%80"), ("ア", "%E3%82%A2"), ("100%", "100%25"),
    ("", ""),
  ])
  func reservedBytesAreEscaped(_ text: String, _ encoded: String) {
    #expect(PercentEncoding.encode(text) == encoded)
    #expect(PercentEncoding.decode(encoded) == text)
  }

  @Test func charactersMayBeKept() {
    #expect(PercentEncoding.encode("file:///a b?c", keeping: "/:") == "file:///a%20b%3Fc")
  }

  @Test func randomTextsComeBack() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<2000 {
      let scalars = (0..<random.index(below: 12)).compactMap { _ in
        Unicode.Scalar(UInt32(random.index(below: [0x80, 0x800, 0x11_0000][random.index(below: 3)])))
      }
      var text = ""
      text.unicodeScalars.append(contentsOf: scalars)
      let encoded = PercentEncoding.encode(text)
      #expect(PercentEncoding.decode(encoded).map { Array($0.unicodeScalars) } == scalars)
      #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    }
  }

  /// Swift's `UInt8(_:radix:)` would read a sign, and a lenient reader would give several names to one thing.
  @Test(arguments: ["%", "a%4", "%zz", "%+f", "%-0", "% 1", "%%20", "%ff", "%C3", "%ED%A0%80", "%4\u{301}1"])
  func escapesThatStandForNoTextAreRefused(_ text: String) {
    #expect(PercentEncoding.decode(text) == nil)
  }
}
