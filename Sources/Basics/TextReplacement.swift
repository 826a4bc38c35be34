// Texts are searched by bytes here, see `ExactString`. The standard library compares characters, one of which can be as
// long as a message, and its module of patterns, which it does that with, makes a static program a megabyte larger.

extension Substring {
  /// Where another text stands first, by bytes; nil where it does not, or where it is empty.
  ///
  /// O(bytes × bytes of `other`) at worst.
  package func firstRange(ofBytes other: String) -> Range<Index>? {
    guard let first = other.utf8.first else { return nil }
    var rest = utf8
    while let start = rest.firstIndex(of: first) {
      rest = rest[start...]
      if rest.starts(with: other.utf8) { return start..<rest.index(start, offsetBy: other.utf8.count) }
      rest = rest.dropFirst()
    }
    return nil
  }

  /// The pieces between the occurrences of another text, by bytes; empty ones, too.
  package func split(atBytes separator: String) -> [Substring] {
    var pieces: [Substring] = []
    var rest = self
    while let found = rest.firstRange(ofBytes: separator) {
      pieces.append(rest[..<found.lowerBound])
      rest = rest[found.upperBound...]
    }
    return pieces + [rest]
  }

  /// The text before each newline, and the rest, by bytes: `Character` takes the carriage return before a newline, and
  /// the marks behind it, for a part of it.
  package var byteLines: [Substring] {
    utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Substring($0) }
  }
}

extension String {
  /// See ``Substring/byteLines``.
  package var byteLines: [Substring] { self[...].byteLines }

  /// Whether another text stands in it, by bytes. O(bytes × bytes of `other`) at worst.
  package func hasBytes(of other: String) -> Bool { self[...].firstRange(ofBytes: other) != nil }

  /// The text with each occurrence of another, from left to right, replaced. By bytes. O(bytes × bytes of `old`).
  package func replacingBytes(of old: String, with new: String) -> String {
    self[...].split(atBytes: old).joined(separator: new)
  }
}
