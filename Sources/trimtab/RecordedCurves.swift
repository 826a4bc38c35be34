internal import Basics
internal import ModelSelection

/// Recorded learning curves, to be replayed through a search.
///
/// Two layouts are read. *Wide*, as fine-tuning studies publish them: `config name`, one column for each number of
/// samples, `size` (parameters) and `family`; the cells are errors, and training costs size x samples. *Long*, one
/// evaluation a row: `encoder,languageModel,fraction,errorFraction,costSeconds`, the seconds counted from the start of
/// training. Optional are `projector`, `energyJoules` (joules from the start of training), `standardError` (of the
/// value, in its unit), `startSeconds` (of each trial of the candidate, before it trains), and `score` in place of
/// `errorFraction`.
struct RecordedCurves {
  /// One evaluation.
  struct Evaluation {
    /// The fraction of all training data, in 0...1.
    let fraction: Double
    /// An error or a score; see ``Measure``.
    var value: Double
    /// The standard error of the value, in its unit; nil where the file has none.
    var standardError: Double?
    /// The cost of training from its start to this evaluation.
    let cost: Double
    /// Nil where the file has no energies.
    let energyJoules: Double?
  }

  struct Curve {
    var name: String
    /// Candidates of one group form a cluster unless a pool says otherwise.
    let group: String
    /// By ascending fraction.
    var evaluations: [Evaluation]
    /// What each start of a trial takes before it trains; nil where the file does not say.
    var startCost: Double?

    /// The cost of training on all data.
    var fullCost: Double { evaluations[evaluations.count - 1].cost }

    /// The first evaluation at a fraction or beyond.
    func evaluation(at fraction: Double) -> Evaluation {
      evaluations.first { $0.fraction >= fraction * (1 - 1e-9) } ?? evaluations[evaluations.count - 1]
    }
  }

  /// What the values are.
  enum Measure {
    /// The distance of a score from the best possible one, in the metric's unit.
    case error
    /// The same as a fraction of the metric's range, where that has two ends.
    case errorFraction
    /// A score in the metric's unit; meaningless without the metric.
    case score
  }

  let path: String
  private(set) var curves: [Curve] = []
  private(set) var measure = Measure.error
  /// Whether costs are seconds; else they are in any unit.
  private(set) var costsAreSeconds = false
  /// Whether curves of one family share a group; else those of one encoder do.
  private(set) var groupsAreFamilies = false

  /// A copy with other curves.
  func with(_ curves: [Curve], _ measure: Measure) -> RecordedCurves {
    var other = self
    (other.curves, other.measure) = (curves, measure)
    return other
  }

  /// The cost of training every candidate on all data.
  var gridCost: Double { curves.reduce(0) { $0 + $1.fullCost } }

  /// - Throws: ``CommandFailure`` that names the line.
  init(_ text: String, path: String) throws(CommandFailure) {
    self.path = path
    let table: CSVTable
    do throws(CSVTable.SyntaxError) {
      table = try CSVTable(text)
    } catch {
      throw bad(error.line, error.expected, error.found)
    }
    guard table.rowCount > 0 else { throw bad(1, "a header", "nothing") }
    let header = table.texts(row: 0).map { ExactString($0) }
    let rows = (1..<table.rowCount).map { Row(line: table.line(ofRow: $0), fields: table.texts(row: $0)) }
    if header.contains("config name") {
      try readWide(header, rows)
    } else if header.contains("fraction") {
      try readLong(header, rows)
    } else {
      throw bad(1, "a column \"config name\" or \"fraction\"", Preview.cut(header.map(\.text).joined(separator: ",")))
    }
    guard !curves.isEmpty else { throw bad(2, "at least one curve", "none") }
    for index in curves.indices {
      curves[index].evaluations.sort { $0.fraction < $1.fraction }
      let (name, evaluations) = (curves[index].name, curves[index].evaluations)
      guard let last = evaluations.last, abs(last.fraction - 1) < 1e-9 else {
        throw bad(2, "curves up to all the data", "\(name) without it")
      }
      for (one, next) in zip(evaluations, evaluations.dropFirst()) {
        guard one.fraction < next.fraction else {
          throw bad(2, "one evaluation of a candidate at a fraction", "two of \(name) at \(one.fraction)")
        }
        guard one.cost < next.cost, (one.energyJoules ?? 0) <= next.energyJoules ?? 0 else {
          throw bad(
            2, "costs from the beginning on, which grow with the data",
            "\(name) with more at \(one.fraction) than at \(next.fraction)")
        }
      }
    }
  }

  private struct Row {
    let line: Int
    let fields: [String]
  }

  private mutating func readWide(_ header: [ExactString], _ rows: [Row]) throws(CommandFailure) {
    let sizes = header.enumerated().compactMap { column, name in Double(name.text).map { (column, $0) } }.filter {
      $0.1 > 0
    }
    guard let name = header.firstIndex(of: "config name"), let size = header.firstIndex(of: "size"),
      let most = sizes.map(\.1).max()
    else { throw bad(1, "the columns config name, size, and numbers of samples", "others") }
    let family = header.firstIndex(of: "family")
    groupsAreFamilies = family != nil
    for (line, row) in rows.map({ ($0.line, $0.fields) }) {
      guard row.count == header.count, let parameters = Double(row[size]), parameters > 0, parameters.isFinite else {
        throw bad(line, "\(header.count) fields with a positive size", "\(row.count) fields")
      }
      var curve = Curve(name: row[name], group: family.map { row[$0] } ?? row[name], evaluations: [])
      for (column, samples) in sizes {
        guard let error = Double(row[column]), error > 0, error.isFinite else {
          throw bad(line, "a positive error at \(header[column]) samples", "\"\(row[column])\"")
        }
        curve.evaluations.append(
          Evaluation(
            fraction: samples / most, value: error, standardError: nil, cost: parameters * samples, energyJoules: nil))
      }
      guard !curves.contains(where: { ExactString($0.name) == ExactString(curve.name) }) else {
        throw bad(line, "each name once", "\"\(curve.name)\" again")
      }
      curves.append(curve)
    }
  }

  private mutating func readLong(_ header: [ExactString], _ rows: [Row]) throws(CommandFailure) {
    func required(_ name: ExactString) throws(CommandFailure) -> Int {
      guard let place = header.firstIndex(of: name) else { throw bad(1, "a column \"\(name)\"", "none") }
      return place
    }
    let (encoder, model, fraction) = (
      try required("encoder"), try required("languageModel"), try required("fraction")
    )
    measure = header.contains("score") ? .score : .errorFraction
    guard measure == .errorFraction || !header.contains("errorFraction") else {
      throw bad(1, "one of the columns errorFraction and score", "both")
    }
    let (value, cost) = (
      try required(measure == .score ? "score" : "errorFraction"), try required("costSeconds")
    )
    let (projector, energy) = (header.firstIndex(of: "projector"), header.firstIndex(of: "energyJoules"))
    let noise = header.firstIndex(of: "standardError")
    let start = header.firstIndex(of: "startSeconds")
    costsAreSeconds = true
    var number: [ExactString: Int] = [:]
    for (line, row) in rows.map({ ($0.line, $0.fields) }) {
      guard row.count == header.count else {
        throw bad(line, "\(header.count) fields", "\(row.count)")
      }
      func figure(_ column: Int, _ expected: String, _ holds: (Double) -> Bool) throws(CommandFailure) -> Double {
        if let figure = Double(row[column]), figure.isFinite, holds(figure) { return figure }
        throw bad(line, "\(expected) as \(header[column])", "\"\(row[column])\"")
      }
      let evaluation = Evaluation(
        fraction: try figure(fraction, "a number above 0, at most 1") { $0 > 0 && $0 <= 1 },
        value: try figure(value, measure == .score ? "a number" : "a positive number") { measure == .score || $0 > 0 },
        standardError: try noise.map { (column) throws(CommandFailure) in try figure(column, "a number") { $0 >= 0 } },
        cost: try figure(cost, "a positive number") { $0 > 0 },
        energyJoules: try energy.map { (column) throws(CommandFailure) in try figure(column, "a number") { $0 >= 0 } })
      let between = projector.map { row[$0] }.flatMap { $0.isEmpty ? nil : $0 }
      let name = ExactString([row[encoder], between, row[model]].compactMap { $0 }.joined(separator: Self.separator))
      if number[name] == nil {
        number[name] = curves.count
        curves.append(Curve(name: name.text, group: row[encoder], evaluations: []))
      }
      curves[number[name] ?? 0].evaluations.append(evaluation)
      guard let start else { continue }
      let startCost = try figure(start, "a number") { $0 >= 0 }
      guard curves[number[name] ?? 0].startCost ?? startCost == startCost else {
        throw bad(line, "one startSeconds for \(name)", "another, \(startCost)")
      }
      curves[number[name] ?? 0].startCost = startCost
    }
  }

  /// Separates the parts of a candidate's name.
  static let separator = " x "

  private func bad(_ line: Int, _ expected: String, _ found: String) -> CommandFailure {
    CommandFailure(
      status: .badInput, message: "\(path): line \(line): expected \(expected), found \(found); correct the file")
  }
}
