internal import Basics

/// The lower triangular `L` with `L Lᵀ = A` for a symmetric positive definite `A`, row by row.
struct CholeskyFactor: Sendable {
  let count: Int
  private var lower: [Double]
  /// The natural logarithm of the determinant of `A`.
  let logDeterminant: Double

  /// Factors a matrix, given row by row, of which the lower triangle is read. O(count³).
  ///
  /// A pivot that rounding made smaller than 1e-14 of its diagonal entry is raised to that: the direction is then as
  /// good as undetermined, and its prior variance bounds it.
  init(_ matrix: [Double], count: Int) {
    var lower = matrix
    var logDeterminant = 0.0
    lower.withUnsafeMutableBufferPointer { l in
      for row in 0..<count {
        for column in 0...row {
          var sum = l[row * count + column]
          for k in 0..<column { sum -= l[row * count + k] * l[column * count + k] }
          if column < row {
            l[row * count + column] = sum / l[column * count + column]
          } else {
            let pivot = max(sum, 1e-14 * l[row * count + row], Double.leastNormalMagnitude)
            logDeterminant += PortableMath.log(pivot)
            l[row * count + row] = pivot.squareRoot()
          }
        }
      }
    }
    self.count = count
    self.lower = lower
    self.logDeterminant = logDeterminant
  }

  /// Replaces `count` numbers, which begin at `start`, by `L⁻¹` times them.
  func solveLower(_ vector: inout [Double], from start: Int = 0) {
    lower.withUnsafeBufferPointer { l in
      vector.withUnsafeMutableBufferPointer { v in
        for row in 0..<count {
          var sum = v[start + row]
          for k in 0..<row { sum -= l[row * count + k] * v[start + k] }
          v[start + row] = sum / l[row * count + row]
        }
      }
    }
  }

  /// Replaces a vector by `L⁻ᵀ` times it.
  func solveUpper(_ vector: inout [Double]) {
    for row in stride(from: count - 1, through: 0, by: -1) {
      var sum = vector[row]
      for k in (row + 1)..<max(count, row + 1) { sum -= lower[k * count + row] * vector[k] }
      vector[row] = sum / lower[row * count + row]
    }
  }
}
