/// Why a text is not JSON, and where.
package struct JSONSyntaxError: Error, Hashable, CustomStringConvertible {
  /// Bytes before the offending one, from 0.
  package let offset: Int
  /// What would have been right there, as in "',' or ']'".
  package let expected: String
  /// What stood there instead, as in "'x'", "byte 0xFF" or "the end of the text".
  package let found: String

  package init(offset: Int, expected: String, found: String) {
    self.offset = offset
    self.expected = expected
    self.found = found
  }

  package var description: String {
    "expected \(expected) at byte \(offset), found \(found)"
  }
}
