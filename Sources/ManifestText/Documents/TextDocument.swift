internal import Basics

/// A text that an editor has open, as bytes of UTF-8, with the beginnings of its lines.
///
/// A line ends with a line feed, a carriage return, or both, as the Language Server Protocol has it. The text is one
/// array: an insertion moves what is behind it, and the line index is scanned again only where the text changed, so a
/// keystroke in a file of a megabyte takes some tens of microseconds.
package struct TextDocument: Sendable {
  /// The text. It is valid UTF-8.
  package private(set) var bytes: [UInt8]
  /// What the editor calls this state of the text.
  package var version: Int
  /// The offset at which each line begins; the first is 0.
  private var lineStarts: [Int] = [0]

  package init(_ text: String, version: Int = 0) {
    bytes = Array(text.utf8)
    self.version = version
    lineStarts += Self.starts(in: bytes, 0...bytes.count)
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

  /// The place of an offset, which is that of its character's beginning where it lies within one.
  /// O(log lines + bytes of the line).
  package func position(of offset: Int, in encoding: PositionEncoding) -> TextPosition {
    var offset = clamped(offset)
    while offset > 0, offset < bytes.count, isContinuation(bytes[offset]) { offset -= 1 }
    let line = self.line(of: offset)
    // Between the halves of a line end there is no place.
    offset = min(offset, content(ofLine: line).upper)
    let start = lineStarts[line]
    guard encoding != .utf8 else { return TextPosition(line: line, character: offset - start) }
    let character = bytes[start..<offset].reduce(0) { count, byte in
      isContinuation(byte) ? count : count + encoding.width(ofLead: byte)
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
