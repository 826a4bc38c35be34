internal import EnergyFrontier
internal import JSON

/// Reads the tables that the field's profilers write: a header with at least the columns
/// `stage,instruction,frequency,time,energy` in any order, then one measurement a line.
package enum ProfileCSV {
  private static let columns = ["stage", "instruction", "frequency", "time", "energy"]

  /// Parses CSV text.
  ///
  /// - Throws: ``RequestError`` of kind `invalidProfile` that names the line and the column.
  package static func parse(_ text: String) throws(RequestError) -> [ProfileRow] {
    guard text.utf8.count <= Limits.profileBytes else {
      throw RequestError(
        .invalidProfile, expected: "at most \(Limits.profileBytes) bytes", found: "\(text.utf8.count)",
        fix: "send fewer settings, or fewer samples of each")
    }
    // By bytes, which is ten times as fast as by characters; a carriage return before a newline is white space.
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
    guard let header = lines.popFirst() else { throw missingHeader(found: "nothing") }
    let names = fields(header.starts(with: "\u{FEFF}".utf8) ? header.dropFirst(3) : header)
    var place: [Int] = []
    for column in columns {
      guard let index = names.firstIndex(where: { $0 == column }) else {
        throw missingHeader(found: "no column \"\(column)\" in \"\(Substring(header).prefix(80))\"")
      }
      place.append(index)
    }
    var rows: [ProfileRow] = []
    for (offset, line) in lines.enumerated() where !line.allSatisfy(isWhiteSpace) {
      let values = fields(line)
      func value(_ column: Int) throws(RequestError) -> Substring {
        if place[column] < values.count, !values[place[column]].isEmpty { return values[place[column]] }
        throw invalid(line: offset + 2, column: column, expected: "a value", found: "nothing")
      }
      let stageText = try value(0)
      guard let stage = Int(stageText), stage >= 0 else {
        throw invalid(line: offset + 2, column: 0, expected: "a stage number from 0", found: "\"\(stageText)\"")
      }
      let key = TableKey(stage: stage, instruction: String(try value(1)))
      let time = try positive(value(3), line: offset + 2, column: 3)
      let energy = try positive(value(4), line: offset + 2, column: 4)
      rows.append(ProfileRow(table: key, setting: setting(try value(2)), timeSeconds: time, energyJoules: energy))
    }
    guard !rows.isEmpty else {
      throw RequestError(
        .invalidProfile, expected: "at least one measurement below the header", found: "none",
        fix: "write one line for each (stage, instruction, frequency)")
    }
    return rows
  }

  private static func fields(_ line: Substring.UTF8View) -> [Substring] {
    let quote = UInt8(ascii: "\"")
    return line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { field in
      var field = field.drop(while: isWhiteSpace)
      while let last = field.last, isWhiteSpace(last) { field.removeLast() }
      if field.count >= 2, field.first == quote, field.last == quote { field = field.dropFirst().dropLast() }
      return Substring(field)
    }
  }

  private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }

  /// A clock becomes a number, anything else stays text.
  private static func setting(_ text: Substring) -> JSON {
    if let integer = Int64(text) { return .integer(integer) }
    if let number = decimalNumber(text), number.isFinite { return .number(number) }
    return .string(String(text))
  }

  private static func positive(_ text: Substring, line: Int, column: Int) throws(RequestError) -> Double {
    if let number = decimalNumber(text), Measurement.acceptedRange.contains(number) { return number }
    let range = Measurement.acceptedRange
    throw invalid(
      line: line, column: column, expected: "a number in \(range.lowerBound)...\(range.upperBound)",
      found: "\"\(text)\"")
  }

  /// Decimal numbers only: Swift would read hexadecimal ones and words such as "inf" too, which no profiler writes.
  private static func decimalNumber(_ text: Substring) -> Double? {
    text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) } ? Double(text) : nil
  }

  private static func invalid(line: Int, column: Int, expected: String, found: String) -> RequestError {
    RequestError(
      .invalidProfile, path: "line \(line), column \"\(columns[column])\"", expected: expected, found: found,
      fix: "correct or remove this line")
  }

  private static func missingHeader(found: String) -> RequestError {
    RequestError(
      .invalidProfile, path: "line 1", expected: "a header with the columns " + columns.joined(separator: ","),
      found: found, fix: "add the header line")
  }
}
