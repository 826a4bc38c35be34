/// Weighted least squares with a few unknowns: sums of products, row by row.
struct NormalEquations {
  private let count: Int
  private var matrix: [Double]
  private var right: [Double]

  /// Where rows cannot tell unknowns apart, this share of their weight keeps the steps of both small.
  private static let ridge = 1e-9

  init(count: Int) {
    self.count = count
    matrix = Array(repeating: 0, count: count * count)
    right = Array(repeating: 0, count: count)
  }

  mutating func add(_ row: [Double], _ value: Double, weight: Double) {
    for first in 0..<count {
      right[first] += weight * row[first] * value
      for second in 0..<count { matrix[first * count + second] += weight * row[first] * row[second] }
    }
  }

  /// The unknowns of least squares; 0 for one that no row depends on. O(count^3).
  var solution: [Double] {
    // Each unknown in its own size, so that rounding treats all alike.
    let scales = (0..<count).map { matrix[$0 * count + $0] > 0 ? matrix[$0 * count + $0].squareRoot() : 1 }
    var scaled = matrix
    for row in 0..<count {
      for column in 0..<count { scaled[row * count + column] /= scales[row] * scales[column] }
      scaled[row * count + row] = 1 + Self.ridge
    }
    let factor = CholeskyFactor(scaled, count: count)
    var solution = zip(right, scales).map { $0 / $1 }
    factor.solveLower(&solution)
    factor.solveUpper(&solution)
    return zip(solution, scales).map { $0 / $1 }
  }
}
