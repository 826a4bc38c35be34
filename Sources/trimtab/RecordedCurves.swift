internal import ModelSelection

/// Learning curves that were recorded before, to be replayed through a search.
///
/// Two layouts are read. *Wide*, as fine-tuning studies publish them: `config name`, one column for each number of samples,
/// `size` (parameters) and `family`; the cells are errors, and training costs size x samples. *Long*, one evaluation a row:
/// `encoder,languageModel,fraction,errorFraction,costSeconds`, with the seconds spent until then.
struct RecordedCurves {
  struct Curve {
    let name: String
    /// Candidates of one group are clustered together where nothing else is known.
    let group: String
    /// Evaluations by ascending fraction, and what training up to there costs.
    var points: [(fraction: Double, error: Double, cost: Double)]
  }

  private(set) var curves: [Curve] = []

  /// - Throws: ``CommandFailure`` that names the line.
  init(_ text: String, path: String) throws(CommandFailure) {
    let rows = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map { field in
        String(field.drop(while: \.isWhitespace))
      }
    }
    guard let header = rows.first else { throw Self.bad(path, 1, "a header", "nothing") }
    if header.contains("config name") {
      try readWide(header, rows.dropFirst(), path)
    } else if header.contains("fraction") {
      try readLong(header, rows.dropFirst(), path)
    } else {
      throw Self.bad(
        path, 1, "a column \"config name\" or \"fraction\"", String(header.joined(separator: ",").prefix(80)))
    }
    guard !curves.isEmpty else { throw Self.bad(path, 2, "at least one curve", "none") }
    for curve in curves {
      guard let last = curve.points.last, abs(last.fraction - 1) < 1e-9 else {
        throw Self.bad(path, 2, "curves up to all the data", "\(curve.name) without it")
      }
    }
  }

  private mutating func readWide(_ header: [String], _ rows: ArraySlice<[String]>, _ path: String)
    throws(CommandFailure)
  {
    let sizes = header.enumerated().compactMap { column, name in Double(name).map { (column, $0) } }.filter { $0.1 > 0 }
    guard let name = header.firstIndex(of: "config name"), let size = header.firstIndex(of: "size"),
      let most = sizes.map(\.1).max()
    else { throw Self.bad(path, 1, "the columns config name, size, and numbers of samples", "others") }
    let family = header.firstIndex(of: "family")
    for (index, row) in rows.enumerated() {
      guard row.count == header.count, let parameters = Double(row[size]), parameters > 0 else {
        throw Self.bad(path, index + 2, "\(header.count) fields with a positive size", "\(row.count) fields")
      }
      var curve = Curve(name: row[name], group: family.map { row[$0] } ?? row[name], points: [])
      for (column, samples) in sizes.sorted(by: { $0.1 < $1.1 }) {
        guard let error = Double(row[column]), error > 0, error.isFinite else {
          throw Self.bad(path, index + 2, "a positive error at \(header[column]) samples", "\"\(row[column])\"")
        }
        curve.points.append((samples / most, error, parameters * samples))
      }
      curves.append(curve)
    }
  }

  private mutating func readLong(_ header: [String], _ rows: ArraySlice<[String]>, _ path: String)
    throws(CommandFailure)
  {
    let wanted = ["encoder", "languageModel", "fraction", "errorFraction", "costSeconds"]
    var column: [Int] = []
    for name in wanted {
      guard let place = header.firstIndex(of: name) else { throw Self.bad(path, 1, "a column \"\(name)\"", "none") }
      column.append(place)
    }
    var number: [String: Int] = [:]
    for (index, row) in rows.enumerated() {
      guard row.count == header.count, let fraction = Double(row[column[2]]), fraction > 0, fraction <= 1,
        let error = Double(row[column[3]]), error > 0, error.isFinite, let cost = Double(row[column[4]]), cost > 0
      else { throw Self.bad(path, index + 2, "a fraction in 0...1 and a positive error and cost", "something else") }
      let name = "\(row[column[0]]) x \(row[column[1]])"
      if number[name] == nil {
        number[name] = curves.count
        curves.append(Curve(name: name, group: row[column[0]], points: []))
      }
      curves[number[name] ?? 0].points.append((fraction, error, cost))
    }
    for index in curves.indices { curves[index].points.sort { $0.fraction < $1.fraction } }
  }

  private static func bad(_ path: String, _ line: Int, _ expected: String, _ found: String) -> CommandFailure {
    CommandFailure(
      status: .badInput, message: "\(path): line \(line): expected \(expected), found \(found); correct the file")
  }

  /// One cluster for each group, its middle member by cost as medoid.
  func pool() throws(SelectionError) -> Pool {
    let candidates = curves.enumerated().map { index, curve in
      Candidate(encoder: index, languageModel: 0, costWeight: curve.points[curve.points.count - 1].cost)
    }
    var groups: [(name: String, members: [Int])] = []
    for (index, curve) in curves.enumerated() {
      if let known = groups.firstIndex(where: { $0.name == curve.group }) {
        groups[known].members.append(index)
      } else {
        groups.append((curve.group, [index]))
      }
    }
    return try Pool(
      candidates: candidates,
      clusters: groups.map { group in
        let order = group.members.sorted { (candidates[$0].costWeight, $0) < (candidates[$1].costWeight, $1) }
        return Cluster(members: group.members, medoid: order[order.count / 2])
      })
  }

  /// The first evaluation of a curve at a fraction or beyond.
  func point(of curve: Int, at fraction: Double) -> (fraction: Double, error: Double, cost: Double) {
    let points = curves[curve].points
    return points.first { $0.fraction >= fraction * (1 - 1e-9) } ?? points[points.count - 1]
  }
}
