internal import Basics

/// A text that an editor has open or a command has read, as bytes of UTF-8, with the beginnings of its lines.
///
/// A line ends with a line feed, a carriage return, or both, as the Language Server Protocol has it. The text is one
/// array: an insertion moves what is behind it, and the line index is scanned again only where the text changed, so a
/// keystroke in a file of a megabyte takes some tens of microseconds; in one with a long line the characters are
/// counted again.
package struct TextDocument: Sendable {
  /// The text. It is valid UTF-8, but for that of a file that is not.
  package private(set) var bytes: [UInt8]
  /// What the editor calls this state of the text.
  package var version: Int
  /// The offset at which each line begins; the first is 0.
  private var lineStarts: [Int] = [0]
  /// What to count from within long lines; nil in a text without any.
  private var marks: CharacterMarks?

  package init(_ text: String, version: Int = 0) { self.init(Array(text.utf8), version: version) }

  /// A text of any bytes, such as a file's. O(bytes).
  package init(_ bytes: [UInt8], version: Int = 0) {
    (self.bytes, self.version) = (bytes, version)
    lineStarts += Self.starts(in: bytes, 0...bytes.count)
    markCharacters(since: 0, through: lineStarts.count)
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// At least 1: behind the last line's end there is an empty line.
  package var lineCount: Int { lineStarts.count }

  /// The text of a range.
  package subscript(range: SourceRange) -> String {
    String(decoding: bytes[clamped(range.lower)..<clamped(range.upper)], as: UTF8.self)
  }

  // MARK: Changes

  /// Replaces the whole text.
  package mutating func replaceAll(with text: String) {
    self = TextDocument(text, version: version)
  }

  /// Replaces a part of the text. A range that is reversed counts from its smaller end, and one that reaches beyond a
  /// line or the text ends there.
  package mutating func replace(_ range: TextRange, with text: String, in encoding: PositionEncoding) {
    let (start, end) = (offset(of: range.start, in: encoding), offset(of: range.end, in: encoding))
    replace(SourceRange(min(start, end), max(start, end)), with: text)
  }

  /// Replaces the bytes of a range, both of whose ends lie between characters. O(bytes behind it, lines behind it).
  package mutating func replace(_ range: SourceRange, with text: String) {
    let (lower, upper) = (clamped(range.lower), max(clamped(range.lower), clamped(range.upper)))
    let count = text.utf8.count
    bytes.replaceSubrange(lower..<upper, with: text.utf8)
    // A line that begins from `lower` to `upper` does so because of a byte that is gone, or of the one before `lower`,
    // which may now be the first half of a line end.
    let first = max(1, firstLine { $0 >= lower })
    let last = max(first, firstLine { $0 > upper })
    let new = Self.starts(in: bytes, lower...lower + count)
    lineStarts.replaceSubrange(first..<last, with: new)
    let shift = lower + count - upper
    if shift != 0 {
      lineStarts.withUnsafeMutableBufferPointer { starts in
        for index in first + new.count..<starts.count { starts[index] += shift }
      }
    }
    markCharacters(since: first - 1, through: first + new.count)
  }

  /// Counts characters anew after a change of some lines, if there is a long one.
  private mutating func markCharacters(since first: Int, through last: Int) {
    let isMarked = marks != nil
    guard isMarked || (first..<min(last, lineCount)).contains(where: { isLong($0) }) else { return }
    marks = CharacterMarks(bytes)
  }

  /// Whether to look for a place on a line by its marks rather than from its beginning.
  private func isLong(_ line: Int) -> Bool {
    (line + 1 < lineCount ? lineStarts[line + 1] : bytes.count) - lineStarts[line] > 2 * CharacterMarks.spacing
  }

  /// The beginnings of lines within `range` that follow from the bytes; never 0.
  private static func starts(in bytes: [UInt8], _ range: ClosedRange<Int>) -> [Int] {
    var starts: [Int] = []
    bytes.withUnsafeBufferPointer { bytes in
      for start in max(range.lowerBound, 1)..<max(range.upperBound, 0) + 1 {
        let end = bytes[start - 1]
        guard end == lineFeed || (end == carriageReturn && (start == bytes.count || bytes[start] != lineFeed)) else {
          continue
        }
        starts.append(start)
      }
    }
    return starts
  }

  // MARK: Places

  /// The offset of a place. A line or a character too far stands for the end of the text or the line, a place within a
  /// character for its beginning. O(log lines + bytes of the line).
  package func offset(of position: TextPosition, in encoding: PositionEncoding) -> Int {
    guard position.line >= 0 else { return 0 }
    guard position.line < lineCount else { return bytes.count }
    let line = content(ofLine: position.line)
    if encoding == .utf8 {
      var offset = min(line.lower + max(position.character, 0), line.upper)
      while offset > line.lower, offset < bytes.count, isContinuation(bytes[offset]) { offset -= 1 }
      return offset
    }
    var (offset, rest) = (line.lower, position.character)
    while offset < line.upper {
      rest -= encoding.width(ofLead: bytes[offset])
      if rest < 0 { break }
      offset += PositionEncoding.byteCount(ofLead: bytes[offset])
    }
    return offset
  }

  /// The place of an offset, which is that of its character's beginning where it lies within one. O(log lines).
  package func position(of offset: Int, in encoding: PositionEncoding) -> TextPosition {
    var offset = clamped(offset)
    // A byte that goes on a character stands behind one of another character than ASCII, unless it goes on none.
    while offset > 0, offset < bytes.count, isContinuation(bytes[offset]), bytes[offset - 1] >= 0x80 { offset -= 1 }
    let line = self.line(of: offset)
    // Between the halves of a line end there is no place.
    offset = min(offset, content(ofLine: line).upper)
    let start = lineStarts[line]
    guard encoding != .utf8 else { return TextPosition(line: line, character: offset - start) }
    let character =
      if let marks, isLong(line) {
        marks.units(before: offset, of: bytes, in: encoding) - marks.units(before: start, of: bytes, in: encoding)
      } else {
        encoding.units(bytes[start..<offset])
      }
    return TextPosition(line: line, character: character)
  }

  /// A range as an editor names it.
  package func range(of range: SourceRange, in encoding: PositionEncoding) -> TextRange {
    TextRange(start: position(of: range.lower, in: encoding), end: position(of: range.upper, in: encoding))
  }

  /// A range that an editor names; its ends may be exchanged.
  package func sourceRange(of range: TextRange, in encoding: PositionEncoding) -> SourceRange {
    let (start, end) = (offset(of: range.start, in: encoding), offset(of: range.end, in: encoding))
    return SourceRange(min(start, end), max(start, end))
  }

  /// The line on which an offset stands. O(log lines).
  package func line(of offset: Int) -> Int { firstLine { $0 > offset } - 1 }

  /// A line without its end.
  package func content(ofLine line: Int) -> SourceRange {
    let start = lineStarts[line]
    guard line + 1 < lineCount else { return SourceRange(start, bytes.count) }
    var end = lineStarts[line + 1]
    if end > start, bytes[end - 1] == lineFeed { end -= 1 }
    if end > start, bytes[end - 1] == carriageReturn { end -= 1 }
    return SourceRange(start, end)
  }

  /// The first line whose beginning satisfies a condition that holds from some line on. O(log lines).
  private func firstLine(where condition: (Int) -> Bool) -> Int { lineStarts.partitioningIndex(where: condition) }

  private func clamped(_ offset: Int) -> Int { min(max(offset, 0), bytes.count) }
}

private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

private func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

/// How many characters stand before every so many bytes of a text, so that a place on a long line is found without
/// counting from the line's beginning: many places on one line would else take quadratic time.
private struct CharacterMarks: Sendable {
  /// In bytes.
  static let spacing = 1024
  /// By encoding, the units before byte 0, `spacing`, and so on.
  private var units: [PositionEncoding: [Int]] = [:]

  /// O(bytes).
  init(_ bytes: [UInt8]) {
    for encoding in PositionEncoding.allCases where encoding != .utf8 {
      var counts = [0]
      for start in stride(from: 0, to: bytes.count, by: Self.spacing) {
        counts.append(counts[counts.count - 1] + encoding.units(bytes[start..<min(start + Self.spacing, bytes.count)]))
      }
      units[encoding] = counts
    }
  }

  /// Units of UTF-16 or UTF-32 before an offset. O(1).
  func units(before offset: Int, of bytes: [UInt8], in encoding: PositionEncoding) -> Int {
    let mark = offset / Self.spacing
    return (units[encoding]?[mark] ?? 0) + encoding.units(bytes[mark * Self.spacing..<offset])
  }
}

extension PositionEncoding {
  /// The units of the characters that begin in some bytes.
  fileprivate func units(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { count, byte in isContinuation(byte) ? count : count + width(ofLead: byte) }
  }
}
