/// A table of comma-separated values (RFC 4180): one array of bytes, and where each field stands in it.
///
/// Every CSV file is read by these rules:
///
/// - The text may begin with a byte order mark. Rows end in LF, CRLF or CR; the last one needs no ending.
/// - Spaces and tabs around a field are dropped.
/// - A field may stand between quotation marks. Inside them commas, line breaks and spaces belong to the field, and a
///   doubled quotation mark stands for one.
/// - Lines of nothing but white space are no rows.
///
/// Rows may differ in length; ``fieldCount(ofRow:)`` tells.
public struct CSVTable: Sendable {
  /// Why a text is no table, and where.
  public struct SyntaxError: Error, Equatable, Sendable {
    /// From 1, as editors count.
    public let line: Int
    /// The field within its row, from 1.
    public let field: Int
    public let expected: String
    public let found: String

    init(line: Int, field: Int, expected: String, found: String) {
      (self.line, self.field, self.expected, self.found) = (line, field, expected, found)
    }
  }

  /// A field's bytes, without its quotation marks.
  private struct Place {
    let start: UInt32
    let end: UInt32
    /// Whether doubled quotation marks are among them.
    let isEscaped: Bool
  }

  private struct RowStart {
    let firstField: Int
    let line: Int
  }

  private let bytes: [UInt8]
  private let places: [Place]
  /// Of all rows; then the end of the last.
  private let rowStarts: [RowStart]

  /// Reads a table in O(bytes), with 12 bytes of memory for each field beside the text.
  ///
  /// - Parameter bytes: UTF-8, at most 4 GiB.
  /// - Throws: ``SyntaxError`` for a quotation mark that does not end, or text behind one that does.
  public init(_ bytes: [UInt8]) throws(SyntaxError) {
    precondition(bytes.count <= UInt32.max, "a table of over 4 GiB")
    var scanner = Scanner()
    let result = bytes.withUnsafeBufferPointer { bytes in
      Result { () throws(SyntaxError) in try scanner.scan(bytes) }
    }
    try result.get()
    self.bytes = bytes
    places = scanner.places
    rowStarts = scanner.rowStarts
  }

  public init(_ text: some StringProtocol) throws(SyntaxError) { try self.init(Array(text.utf8)) }

  public var rowCount: Int { rowStarts.count - 1 }

  public func fieldCount(ofRow row: Int) -> Int { rowStarts[row + 1].firstField - rowStarts[row].firstField }

  /// The line on which a row begins, from 1.
  public func line(ofRow row: Int) -> Int { rowStarts[row].line }

  /// A field's bytes; of a quoted one what lies between the marks, with doubled marks as they stand.
  public func rawBytes(row: Int, field: Int) -> ArraySlice<UInt8> {
    let place = places[rowStarts[row].firstField + field]
    return bytes[Int(place.start)..<Int(place.end)]
  }

  public func isEmpty(row: Int, field: Int) -> Bool {
    let place = places[rowStarts[row].firstField + field]
    return place.start == place.end
  }

  public func text(row: Int, field: Int) -> String {
    let text = String(decoding: rawBytes(row: row, field: field), as: UTF8.self)
    guard places[rowStarts[row].firstField + field].isEscaped else { return text }
    var previous: Unicode.Scalar?
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      // Of two marks in a row the second is dropped.
      previous = scalar == "\"" && previous == "\"" ? nil : scalar
      if previous != nil { scalars.append(scalar) }
    }
    return String(scalars)
  }

  /// All fields of a row.
  public func texts(row: Int) -> [String] { (0..<fieldCount(ofRow: row)).map { text(row: row, field: $0) } }

  /// A decimal integer; nil where the field is none, or one beyond 64 bits.
  public func integer(row: Int, field: Int) -> Int? {
    Int(String(decoding: rawBytes(row: row, field: field), as: UTF8.self))
  }

  /// A finite decimal number. Swift's `Double` would also read hexadecimal ones and words such as `inf`.
  public func number(row: Int, field: Int) -> Double? {
    let bytes = rawBytes(row: row, field: field)
    guard bytes.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }),
      let number = Double(String(decoding: bytes, as: UTF8.self)), number.isFinite
    else { return nil }
    return number
  }
}

extension CSVTable {
  /// Finds the fields of a text.
  private struct Scanner {
    var places: [Place] = []
    var rowStarts: [RowStart] = []
    private var index = 0
    private var line = 1

    mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>) throws(SyntaxError) {
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
      while index < bytes.count { try row(bytes) }
      rowStarts.append(RowStart(firstField: places.count, line: line))
    }

    private mutating func row(_ bytes: UnsafeBufferPointer<UInt8>) throws(SyntaxError) {
      let start = RowStart(firstField: places.count, line: line)
      var isQuoted = false
      repeat {
        isQuoted = try field(bytes, number: places.count - start.firstField + 1) || isQuoted
      } while skip(.comma, bytes)
      // One empty field without marks is a line of nothing.
      if places.count == start.firstField + 1, !isQuoted, let only = places.last, only.start == only.end {
        places.removeLast()
      } else {
        rowStarts.append(start)
      }
      guard index < bytes.count else { return }
      let isReturn = skip(.carriageReturn, bytes)
      if !skip(.lineFeed, bytes) { assert(isReturn, "a field ends in nothing else") }
      line += 1
    }

    /// Adds one field and stops at what ends it; tells whether it was quoted.
    private mutating func field(
      _ bytes: UnsafeBufferPointer<UInt8>, number: Int
    ) throws(SyntaxError) -> Bool {
      skipSpaces(bytes)
      if index < bytes.count, bytes[index] == .quote {
        try quoted(bytes, number: number)
        return true
      }
      let start = index
      while index < bytes.count, !bytes[index].endsField { index += 1 }
      var end = index
      while end > start, bytes[end - 1].isSpace { end -= 1 }
      places.append(Place(start: UInt32(start), end: UInt32(end), isEscaped: false))
      return false
    }

    private mutating func quoted(_ bytes: UnsafeBufferPointer<UInt8>, number: Int) throws(SyntaxError) {
      let begin = line
      let start = index + 1
      var isEscaped = false
      index = start
      while true {
        while index < bytes.count, bytes[index] != .quote {
          if bytes[index] == .lineFeed { line += 1 }
          index += 1
        }
        guard index < bytes.count else {
          throw SyntaxError(
            line: begin, field: number, expected: "a quotation mark that ends the field", found: "the end of the text")
        }
        index += 1
        if !skip(.quote, bytes) { break }
        isEscaped = true
      }
      places.append(Place(start: UInt32(start), end: UInt32(index - 1), isEscaped: isEscaped))
      skipSpaces(bytes)
      guard index == bytes.count || bytes[index].endsField else {
        throw SyntaxError(
          line: line, field: number, expected: "a comma or the end of the line behind the quotation mark",
          found: "\"\(String(decoding: bytes[index..<min(index + 16, bytes.count)], as: UTF8.self))\"")
      }
    }

    private mutating func skipSpaces(_ bytes: UnsafeBufferPointer<UInt8>) {
      while index < bytes.count, bytes[index].isSpace { index += 1 }
    }

    private mutating func skip(_ byte: UInt8, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
      guard index < bytes.count, bytes[index] == byte else { return false }
      index += 1
      return true
    }
  }
}

extension UInt8 {
  fileprivate static let comma = UInt8(ascii: ",")
  fileprivate static let quote = UInt8(ascii: "\"")
  fileprivate static let lineFeed = UInt8(ascii: "\n")
  fileprivate static let carriageReturn = UInt8(ascii: "\r")

  fileprivate var isSpace: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

  fileprivate var endsField: Bool { self == .comma || self == .lineFeed || self == .carriageReturn }
}
