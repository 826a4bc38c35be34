internal import Basics
internal import EnergyFrontier
internal import JSON

/// Reads the tables that the field's profilers write: a header with at least the columns
/// `stage,instruction,frequency,time,energy` in any order, then one measurement a line.
///
/// Columns beside these are knobs, too: with them a setting is an object of `frequency` and one member for each. Lines
/// that differ in any knob are different options and never samples of one. A column without a name is the row number
/// that data frames write, and is no knob. `samplingIntervalSeconds` and `sensorPowerWatts` are what a row says of its
/// own measurement.
package struct ProfileCSV {
  private static let required = ["stage", "instruction", "frequency", "time", "energy"]
  private static let described = ["samplingIntervalSeconds", "sensorPowerWatts"]

  private let table: CSVTable
  /// Where each of ``required`` stands in the header.
  private let places: [Int]
  /// Where each of ``described`` stands, where it is there.
  private let describedPlaces: [Int?]
  private let knobs: [(name: ExactString, field: Int)]

  /// Parses CSV text; ``CSVTable`` says how fields are separated. O(bytes).
  ///
  /// - Parameter knobColumns: the columns beside `frequency` that are knobs; all where nil.
  /// - Throws: ``RequestError`` of kind `invalidProfile` that names the line and the column.
  package static func parse(_ text: String, knobColumns: [String]? = nil) throws(RequestError) -> [ProfileRow] {
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
    let file = try ProfileCSV(table, knobColumns)
    var rows: [ProfileRow] = []
    rows.reserveCapacity(max(0, table.rowCount - 1))
    for row in 1..<max(1, table.rowCount) { rows.append(try file.measurement(row)) }
    guard !rows.isEmpty else {
      throw RequestError(
        .invalidProfile, expected: "at least one measurement below the header", found: "none",
        fix: "write one line for each (stage, instruction, frequency)")
    }
    return rows
  }

  private init(_ table: CSVTable, _ knobColumns: [String]?) throws(RequestError) {
    let names = (table.rowCount == 0 ? [] : table.texts(row: 0)).map { ExactString($0) }
    let placeOfName = Dictionary(zip(names, names.indices)) { first, _ in first }
    let line = table.rowCount == 0 ? "line 1" : "line \(table.line(ofRow: 0))"
    func place(_ column: String) throws(RequestError) -> Int {
      if let place = placeOfName[ExactString(column)] { return place }
      throw RequestError(
        .invalidProfile, path: line, expected: "a header with the columns " + Self.required.joined(separator: ","),
        found: names.isEmpty
          ? "nothing"
          : "no column \(Preview.quoted(column)) in \(Preview.quoted(names.map(\.text).joined(separator: ",")))",
        fix: "add the header line")
    }
    self.table = table
    places = try Self.required.map(place)
    describedPlaces = Self.described.map { placeOfName[ExactString($0)] }
    let known = Set((Self.required + Self.described).map { ExactString($0) })
    let others = names.enumerated().filter { $0.element.byteCount > 0 && !known.contains($0.element) }
    if let twice = others.first(where: { placeOfName[$0.element] != $0.offset }) {
      throw RequestError(
        .invalidProfile, path: line, expected: "each column once", found: "\(Preview.quoted(twice.element.text)) twice",
        fix: "rename one of them")
    }
    let otherNames = Set(others.map(\.element))
    for name in knobColumns ?? [] where !otherNames.contains(ExactString(name)) {
      throw RequestError(
        .invalidProfile, path: line, expected: "the column \(Preview.quoted(name)) beside frequency",
        found: others.isEmpty ? "no other column" : Preview.list(others.map(\.element.text)), fix: "correct its name")
    }
    let chosen = knobColumns.map { Set($0.map { ExactString($0) }) }
    knobs = others.filter { chosen?.contains($0.element) ?? true }.map { ($0.element, $0.offset) }
  }

  private func measurement(_ row: Int) throws(RequestError) -> ProfileRow {
    for (column, field) in zip(Self.required, places) where isAbsent(row, field) {
      throw invalid(row, column, field, expected: "a value")
    }
    guard let stage = table.integer(row: row, field: places[0]), stage >= 0 else {
      throw invalid(row, Self.required[0], places[0], expected: "a stage number from 0")
    }
    let time = try quantity(row, Self.required[3], places[3])
    let energy = try quantity(row, Self.required[4], places[4])
    let described = try zip(Self.described, describedPlaces).map { (column, field) throws(RequestError) -> Double? in
      guard let field, !isAbsent(row, field) else { return nil }
      return try quantity(row, column, field)
    }
    return ProfileRow(
      table: TableKey(stage: stage, instruction: table.text(row: row, field: places[1])), setting: setting(row),
      samples: [Measurement(timeSeconds: time, energyJoules: energy)], sensorPowerWatts: described[1],
      samplingIntervalSeconds: described[0])
  }

  private func quantity(_ row: Int, _ column: String, _ field: Int) throws(RequestError) -> Double {
    let range = Measurement.acceptedRange
    if let number = table.number(row: row, field: field), range.contains(number) { return number }
    throw invalid(row, column, field, expected: "a number in \(range.lowerBound)...\(range.upperBound)")
  }

  private func isAbsent(_ row: Int, _ field: Int) -> Bool {
    field >= table.fieldCount(ofRow: row) || table.isEmpty(row: row, field: field)
  }

  private func invalid(_ row: Int, _ column: String, _ field: Int, expected: String) -> RequestError {
    RequestError(
      .invalidProfile, path: "line \(table.line(ofRow: row)), column \(Preview.quoted(column))", expected: expected,
      found: isAbsent(row, field) ? "nothing" : Preview.quoted(table.text(row: row, field: field)),
      fix: "correct or remove this line")
  }

  /// The clock alone, or an object where there are knobs beside it; a knob that a line leaves empty is null there.
  private func setting(_ row: Int) -> JSON {
    let clock = value(row, places[2])
    if knobs.isEmpty { return clock }
    let others = knobs.map { name, field in
      JSONObject.Member(key: name, value: isAbsent(row, field) ? .null : value(row, field))
    }
    return .object(JSONObject(members: [JSONObject.Member(key: "frequency", value: clock)] + others))
  }

  /// A number becomes one, anything else stays text.
  private func value(_ row: Int, _ field: Int) -> JSON {
    if let integer = table.integer(row: row, field: field) { return .integer(Int64(integer)) }
    if let number = table.number(row: row, field: field) { return .number(number) }
    return .string(table.text(row: row, field: field))
  }
}
