internal import Basics
internal import EnergyFrontier
internal import JSON

/// Reads the tables that the field's profilers write: a header with at least the columns
/// `stage,instruction,frequency,time,energy` in any order, then one measurement a line.
package enum ProfileCSV {
  private static let columns = ["stage", "instruction", "frequency", "time", "energy"]

  /// Parses CSV text; ``CSVTable`` says how fields are told apart. O(bytes).
  ///
  /// - Throws: ``RequestError`` of kind `invalidProfile` that names the line and the column.
  package static func parse(_ text: String) throws(RequestError) -> [ProfileRow] {
    guard text.utf8.count <= Limits.profileBytes else {
      throw RequestError(
        .invalidProfile, expected: "at most \(Limits.profileBytes) bytes", found: "\(text.utf8.count)",
        fix: "send fewer settings, or fewer samples of each")
    }
    let table: CSVTable
    do throws(CSVTable.SyntaxError) {
      table = try CSVTable(text)
    } catch {
      throw RequestError(
        .invalidProfile, path: "line \(error.line), field \(error.field)", expected: error.expected, found: error.found,
        fix: "correct the quotation marks")
    }
    let fields = try places(table)
    var rows: [ProfileRow] = []
    rows.reserveCapacity(table.rowCount - 1)
    for row in 1..<table.rowCount {
      func invalid(_ column: Int, expected: String) -> RequestError {
        let isAbsent = fields[column] >= table.fieldCount(ofRow: row) || table.isEmpty(row: row, field: fields[column])
        return RequestError(
          .invalidProfile, path: "line \(table.line(ofRow: row)), column \"\(columns[column])\"", expected: expected,
          found: isAbsent ? "nothing" : Preview.quoted(table.text(row: row, field: fields[column])),
          fix: "correct or remove this line")
      }
      for column in columns.indices
      where fields[column] >= table.fieldCount(ofRow: row) || table.isEmpty(row: row, field: fields[column]) {
        throw invalid(column, expected: "a value")
      }
      guard let stage = table.integer(row: row, field: fields[0]), stage >= 0 else {
        throw invalid(0, expected: "a stage number from 0")
      }
      let range = Measurement.acceptedRange
      guard let time = table.number(row: row, field: fields[3]), range.contains(time) else {
        throw invalid(3, expected: "a number in \(range.lowerBound)...\(range.upperBound)")
      }
      guard let energy = table.number(row: row, field: fields[4]), range.contains(energy) else {
        throw invalid(4, expected: "a number in \(range.lowerBound)...\(range.upperBound)")
      }
      rows.append(
        ProfileRow(
          table: TableKey(stage: stage, instruction: table.text(row: row, field: fields[1])),
          setting: setting(table, row, fields[2]), timeSeconds: time, energyJoules: energy))
    }
    guard !rows.isEmpty else {
      throw RequestError(
        .invalidProfile, expected: "at least one measurement below the header", found: "none",
        fix: "write one line for each (stage, instruction, frequency)")
    }
    return rows
  }

  /// Where each of ``columns`` stands in the header.
  private static func places(_ table: CSVTable) throws(RequestError) -> [Int] {
    let names = table.rowCount == 0 ? [] : table.texts(row: 0)
    return try columns.map { (column) throws(RequestError) in
      if let place = names.firstIndex(of: column) { return place }
      throw RequestError(
        .invalidProfile, path: table.rowCount == 0 ? "line 1" : "line \(table.line(ofRow: 0))",
        expected: "a header with the columns " + columns.joined(separator: ","),
        found: names.isEmpty ? "nothing" : "no column \"\(column)\" in \(Preview.quoted(names.joined(separator: ",")))",
        fix: "add the header line")
    }
  }

  /// A number becomes one, anything else stays text.
  private static func setting(_ table: CSVTable, _ row: Int, _ field: Int) -> JSON {
    if let integer = table.integer(row: row, field: field) { return .integer(Int64(integer)) }
    if let number = table.number(row: row, field: field) { return .number(number) }
    return .string(table.text(row: row, field: field))
  }
}
