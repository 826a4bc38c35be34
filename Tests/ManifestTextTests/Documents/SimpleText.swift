import Basics
import ManifestText

/// A text as a list of Unicode scalars, in which every question is answered by counting from the beginning.
struct SimpleText {
  private(set) var scalars: [Unicode.Scalar] = []

  var text: String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    return text
  }

  /// Indices of the first scalar of each line, and of what ends it.
  var lines: [(start: Int, end: Int)] {
    var lines: [(start: Int, end: Int)] = []
    var (start, index) = (0, 0)
    while index < scalars.count {
      let scalar = scalars[index]
      let next = index + (scalar == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n" ? 2 : 1)
      if scalar == "\n" || scalar == "\r" {
        lines.append((start, index))
        start = next
      }
      index = next
    }
    return lines + [(start, scalars.count)]
  }

  mutating func replace(_ range: TextRange, with text: String, in encoding: PositionEncoding) {
    let (start, end) = (index(of: range.start, in: encoding), index(of: range.end, in: encoding))
    scalars.replaceSubrange(min(start, end)..<max(start, end), with: text.unicodeScalars)
  }

  private func index(of position: TextPosition, in encoding: PositionEncoding) -> Int {
    let lines = lines
    guard position.line < lines.count else { return scalars.count }
    let (start, end) = lines[position.line]
    var (index, units) = (start, 0)
    while index < end {
      units += width(scalars[index], encoding)
      if units > position.character { break }
      index += 1
    }
    return index
  }

  /// The offset in bytes, and the place, of what stands before a scalar.
  func place(ofScalar index: Int, in encoding: PositionEncoding) -> (offset: Int, position: TextPosition) {
    let offset = scalars[..<index].reduce(0) { $0 + UTF8.width($1) }
    let lines = lines
    let line = lines.lastIndex { $0.start <= index } ?? 0
    let counted = scalars[lines[line].start..<min(index, lines[line].end)]
    return (offset, TextPosition(line: line, character: counted.reduce(0) { $0 + width($1, encoding) }))
  }

  /// Whether there is a place before a scalar: none is within a line end.
  func isPlace(_ index: Int) -> Bool {
    !(index > 0 && index < scalars.count && scalars[index - 1] == "\r" && scalars[index] == "\n")
  }

  private func width(_ scalar: Unicode.Scalar, _ encoding: PositionEncoding) -> Int {
    switch encoding {
    case .utf8: UTF8.width(scalar)
    case .utf16: UTF16.width(scalar)
    case .utf32: 1
    }
  }

  /// Something that a person may type or paste: letters, line ends, combining marks, scalars of one to four bytes.
  static func random(_ random: inout SplitMix64, isLong: Bool) -> String {
    let pieces = [
      "a", "=", "[", "\"", " ", "\n", "\r", "\r\n", "é", "e\u{301}", "\u{301}", "ß", "漢", "\u{FEFF}", "\u{2028}", "😀",
      "👩\u{200D}🚀", "𝔘", "\u{10FFFF}", "\u{0}",
    ]
    let count = random.index(below: isLong ? 9 : 4)
    return (0..<count).map { _ in pieces[random.index(below: pieces.count)] }.joined()
  }
}
