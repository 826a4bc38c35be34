/// What an editor counts within a line; the bytes of a document are always UTF-8.
package enum PositionEncoding: String, CaseIterable, Sendable {
  /// Bytes.
  case utf8 = "utf-8"
  /// Code units of UTF-16: a character beyond U+FFFF counts as two.
  case utf16 = "utf-16"
  /// Unicode scalars.
  case utf32 = "utf-32"

  /// How many units the scalar counts that begins with `lead`.
  func width(ofLead lead: UInt8) -> Int {
    switch self {
    case .utf8: Self.byteCount(ofLead: lead)
    case .utf16: lead >= 0xF0 ? 2 : 1
    case .utf32: 1
    }
  }

  /// The bytes of the scalar that begins with `lead`.
  static func byteCount(ofLead lead: UInt8) -> Int {
    switch lead {
    case ..<0xC0: 1
    case ..<0xE0: 2
    case ..<0xF0: 3
    default: 4
    }
  }
}

/// A place between two characters as an editor names it.
package struct TextPosition: Hashable, Sendable, Comparable {
  /// From 0.
  package var line: Int
  /// Units from the beginning of the line.
  package var character: Int

  package init(line: Int, character: Int) { (self.line, self.character) = (line, character) }

  package static func < (a: TextPosition, b: TextPosition) -> Bool { (a.line, a.character) < (b.line, b.character) }
}

/// The text between two places.
package struct TextRange: Hashable, Sendable {
  package var start: TextPosition
  /// Behind the last character.
  package var end: TextPosition

  package init(start: TextPosition, end: TextPosition) { (self.start, self.end) = (start, end) }
}
