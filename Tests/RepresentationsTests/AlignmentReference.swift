import CLibrary
import Representations

/// CKA from whole kernel matrices in double precision, after the formulas of the papers.
enum AlignmentReference {
  static func matrix(
    _ models: [[[Double]]], _ kernel: SampleKernel, _ estimator: AlignmentEstimator
  ) -> [[Double]] {
    let sampleCount = models[0].count
    let size = if case .minibatch(let size) = estimator { size } else { sampleCount }
    var sums = models.map { _ in models.map { _ in 0.0 } }
    var bandwidths: [Double]?
    for batch in 0..<sampleCount / size {
      let rows = models.map { Array($0[batch * size..<(batch + 1) * size]) }
      bandwidths = bandwidths ?? rows.map { medianDistance($0) }
      let kernels = zip(rows, bandwidths!).map { matrix($0, kernel, $1) }
      for i in models.indices {
        for j in models.indices {
          sums[i][j] += estimator == .biased ? biased(kernels[i], kernels[j]) : unbiased(kernels[i], kernels[j])
        }
      }
    }
    return sums.indices.map { i in
      sums.indices.map { j in sums[i][j] / (sums[i][i] * sums[j][j]).squareRoot() }
    }
  }

  private static func squaredDistance(_ one: [Double], _ other: [Double]) -> Double {
    zip(one, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  private static func medianDistance(_ rows: [[Double]]) -> Double {
    let distances = rows.indices.flatMap { i in rows[..<i].map { squaredDistance($0, rows[i]).squareRoot() } }.sorted()
    return (distances[(distances.count - 1) / 2] + distances[distances.count / 2]) / 2
  }

  private static func matrix(_ rows: [[Double]], _ kernel: SampleKernel, _ median: Double) -> [[Double]] {
    rows.map { one in
      rows.map { other in
        switch kernel {
        case .linear: zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
        case .rbf(let fraction):
          exp(-squaredDistance(one, other) / (2 * (fraction * median) * (fraction * median)))
        }
      }
    }
  }

  /// tr(K H L H) / (n - 1)^2, both centered.
  private static func biased(_ one: [[Double]], _ other: [[Double]]) -> Double {
    let n = Double(one.count)
    return zip(centered(one).joined(), centered(other).joined()).reduce(0) { $0 + $1.0 * $1.1 } / ((n - 1) * (n - 1))
  }

  private static func centered(_ kernel: [[Double]]) -> [[Double]] {
    let n = Double(kernel.count)
    let means = kernel.map { $0.reduce(0, +) / n }
    let mean = means.reduce(0, +) / n
    return kernel.indices.map { i in kernel.indices.map { j in kernel[i][j] - means[i] - means[j] + mean } }
  }

  private static func unbiased(_ one: [[Double]], _ other: [[Double]]) -> Double {
    // U-centering (Szekely & Rizzo 2014): another way to the same estimate.
    let n = Double(one.count)
    let (first, second) = (doublyCentered(one), doublyCentered(other))
    return zip(first.joined(), second.joined()).reduce(0) { $0 + $1.0 * $1.1 } / (n * (n - 3))
  }

  private static func doublyCentered(_ kernel: [[Double]]) -> [[Double]] {
    let n = Double(kernel.count)
    let rows = kernel.enumerated().map { i, row in row.enumerated().reduce(0) { $1.offset == i ? $0 : $0 + $1.element }
    }
    let total = rows.reduce(0, +)
    return kernel.indices.map { i in
      kernel.indices.map { j in
        i == j ? 0 : kernel[i][j] - rows[i] / (n - 2) - rows[j] / (n - 2) + total / ((n - 1) * (n - 2))
      }
    }
  }
}
