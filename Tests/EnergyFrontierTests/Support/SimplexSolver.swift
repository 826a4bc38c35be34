/// A small linear program in doubles, solved by the two-phase simplex method on a dense tableau.
///
/// Minimize `costs . x` over x >= 0 subject to equalities and `<=` rows. It shares nothing with the engine and is
/// written to be checked by reading; it is meant for some dozens of rows with numbers near 1.
struct SimplexSolver {
  private var rows: [(coefficients: [Double], bound: Double, isEquality: Bool)] = []
  private let costs: [Double]
  private static let tolerance = 1e-11

  init(minimizing costs: [Double]) { self.costs = costs }

  mutating func addEquality(_ terms: [(Int, Double)], equals bound: Double) { add(terms, bound, isEquality: true) }
  mutating func addRow(_ terms: [(Int, Double)], atMost bound: Double) { add(terms, bound, isEquality: false) }

  private mutating func add(_ terms: [(Int, Double)], _ bound: Double, isEquality: Bool) {
    var coefficients = [Double](repeating: 0, count: costs.count)
    for (variable, coefficient) in terms { coefficients[variable] += coefficient }
    rows.append((coefficients, bound, isEquality))
  }

  /// The least cost, or nil when no x satisfies the rows. The costs must be bounded below.
  func solve() -> Double? {
    let slackCount = rows.count { !$0.isEquality }
    let artificial = costs.count + slackCount
    let width = artificial + rows.count
    var tableau: [[Double]] = []
    var slack = costs.count
    for (index, row) in rows.enumerated() {
      var line = row.coefficients + [Double](repeating: 0, count: width - costs.count) + [row.bound]
      if !row.isEquality {
        line[slack] = 1
        slack += 1
      }
      if row.bound < 0 { line = line.map { -$0 } }
      line[artificial + index] = 1
      tableau.append(line)
    }
    var basis = rows.indices.map { artificial + $0 }

    // Phase 1: the sum of the artificial variables, written in the others.
    var objective = [Double](repeating: 0, count: width + 1)
    for line in tableau {
      for column in objective.indices where column < artificial || column == width { objective[column] -= line[column] }
    }
    Self.pivot(&tableau, &basis, &objective, columns: artificial)
    guard -objective[width] < 1e-8 else { return nil }
    // An artificial variable still in the basis is 0; swap it out where its row allows.
    for row in basis.indices where basis[row] >= artificial {
      if let column = (0..<artificial).first(where: { abs(tableau[row][$0]) > 1e-9 }) {
        Self.exchange(&tableau, &basis, &objective, row: row, column: column)
      }
    }

    // Phase 2: the real costs, written in the variables outside the basis.
    objective = costs + [Double](repeating: 0, count: width + 1 - costs.count)
    for (row, variable) in basis.enumerated() where variable < costs.count && costs[variable] != 0 {
      let factor = costs[variable]
      for column in objective.indices { objective[column] -= factor * tableau[row][column] }
    }
    Self.pivot(&tableau, &basis, &objective, columns: artificial)
    return -objective[width]
  }

  /// Exchanges until no column lowers the objective: steepest first, then by Bland's rule, which cannot cycle.
  private static func pivot(
    _ tableau: inout [[Double]], _ basis: inout [Int], _ objective: inout [Double], columns: Int
  ) {
    var steps = 0
    while true {
      steps += 1
      let candidates = (0..<columns).lazy.filter { [objective] in objective[$0] < -tolerance }
      let chosen = steps < 200 ? candidates.min { [objective] in objective[$0] < objective[$1] } : candidates.first
      guard let column = chosen else { return }
      var leaving: Int?
      var least = Double.infinity
      for row in tableau.indices where tableau[row][column] > 1e-9 {
        let ratio = tableau[row][objective.count - 1] / tableau[row][column]
        if ratio < least - tolerance || (ratio < least + tolerance && basis[row] < basis[leaving!]) {
          least = min(least, ratio)
          leaving = row
        }
      }
      guard let row = leaving else { fatalError("the costs are not bounded below") }
      exchange(&tableau, &basis, &objective, row: row, column: column)
    }
  }

  private static func exchange(
    _ tableau: inout [[Double]], _ basis: inout [Int], _ objective: inout [Double], row: Int, column: Int
  ) {
    let pivot = tableau[row][column]
    let line = tableau[row].map { $0 / pivot }
    tableau[row] = line
    for other in tableau.indices where other != row && tableau[other][column] != 0 {
      let factor = tableau[other][column]
      for index in line.indices { tableau[other][index] -= factor * line[index] }
    }
    let factor = objective[column]
    for index in line.indices { objective[index] -= factor * line[index] }
    basis[row] = column
  }
}
