internal import Basics
internal import SimilarityKernels

/// What stays the same for all batches: the scale of each representation, and the rate of a Gaussian kernel.
struct KernelScaling: Sendable {
  let scales: [Double]
  /// For each representation r in `exp(-r * squared distance)`, distances scaled; empty for the linear kernel.
  let rates: [Double]
}

/// The sums over kernels from which every estimate of HSIC is computed.
struct KernelStatistics {
  let count: Int
  let sampleCount: Int
  let scaling: KernelScaling
  /// For each pair i <= j of representations, by rising i, then j: the sum of the products of their kernels over all
  /// ordered pairs of different samples.
  let offDiagonal: [Double]
  /// For each representation the kernel of each sample with itself.
  let diagonals: [[Double]]
  /// For each representation and sample the sum of the kernel over all other samples.
  let rowSums: [[Double]]
  /// The memory of the arrays above.
  private let reservation: MemoryBudget.Reservation

  init(
    of representations: [Representation], firstSample: Int = 0, kernel: SampleKernel, scaling: KernelScaling?,
    _ resources: AlignmentResources, _ progress: ProgressHandle
  ) throws(RepresentationError) {
    try Self.check(representations, kernel)
    count = representations.count
    sampleCount = representations.first?.sampleCount ?? 0
    reservation = try resources.reserve(MemoryLayout<Double>.stride * count * (2 * sampleCount + count))
    var models: [CenteredRepresentation] = []
    for (index, representation) in representations.enumerated() {
      do throws(RepresentationError) {
        models.append(
          try CenteredRepresentation(
            representation, firstSample: firstSample, scale: scaling?.scales[index], resources, progress))
      } catch {
        throw [.cancelled, .memory].contains(error.kind) ? error : error.of(index)
      }
    }
    let scales = models.map(\.scale)
    switch kernel {
    case .linear:
      self.scaling = KernelScaling(scales: scales, rates: [])
      diagonals = models.map(\.norms)
      // The rows are centered: a sample's products with all samples sum to 0.
      rowSums = models.map { $0.norms.map(-) }
      if Self.prefersFeatures(models) {
        let products = try FeatureSweep(models, resources).squaredProducts(progress)
        offDiagonal = zip(products, Self.pairs(count)).map { product, pair in
          product - zip(models[pair.0].norms, models[pair.1].norms).reduce(0) { $0 + $1.0 * $1.1 }
        }
      } else {
        offDiagonal = try GramSweep(models, resources).pairProducts(rates: [], progress).pairs
      }
    case .rbf(let fraction):
      let sweep = GramSweep(models, resources)
      var rates = scaling?.rates ?? []
      var rest = progress
      if rates.isEmpty {
        rates = try sweep.medianSquaredDistances(progress.part(0...2 / 3)).enumerated().map {
          (index, median) throws(RepresentationError) in
          guard median > 0 else {
            throw RepresentationError(
              .constant, index: index, expected: "a positive median distance between samples", found: "0",
              fix: "use the linear kernel, or samples of which most differ")
          }
          return 1 / (2 * fraction * fraction * median)
        }
        rest = progress.part(2 / 3...1)
      }
      self.scaling = KernelScaling(scales: scales, rates: rates)
      let sums = try sweep.pairProducts(rates: rates, rest)
      offDiagonal = sums.pairs
      rowSums = sums.rows
      diagonals = models.map { Array(repeating: 1, count: $0.sampleCount) }
    }
  }

  /// HSIC of each pair i <= j, by rising i, then j.
  ///
  /// - Throws: ``RepresentationError`` when there are too few samples.
  func criteria(isUnbiased: Bool) throws(RepresentationError) -> [Double] {
    let least = isUnbiased ? 4 : 2
    guard sampleCount >= least else {
      throw RepresentationError(
        .sampleCount, expected: "at least \(least) samples", found: "\(sampleCount)",
        fix: "show the models more samples")
    }
    let criteria = zip(offDiagonal, Self.pairs(count)).map { isUnbiased ? unbiased($0, $1) : biased($0, $1) }
    guard criteria.allSatisfy(\.isFinite) else {
      throw RepresentationError(
        .outOfRange, expected: "batches of like magnitude", found: "one far beyond the first",
        fix: "scale the representation, or order the batches differently")
    }
    return criteria
  }

  /// Gretton et al. 2005: tr(K H L H) / (n - 1)^2, with H the centering matrix.
  private func biased(_ offDiagonal: Double, _ pair: (Int, Int)) -> Double {
    let n = Double(sampleCount)
    var (products, rows) = (offDiagonal, 0.0)
    var (first, second) = (0.0, 0.0)
    for sample in 0..<sampleCount {
      let (one, other) = (diagonals[pair.0][sample], diagonals[pair.1][sample])
      products += one * other
      let (oneRow, otherRow) = (rowSums[pair.0][sample] + one, rowSums[pair.1][sample] + other)
      rows += oneRow * otherRow
      first += oneRow
      second += otherRow
    }
    return (products - 2 / n * rows + first / n * (second / n)) / ((n - 1) * (n - 1))
  }

  /// Song et al. 2012, with the diagonals left out of both kernels.
  private func unbiased(_ offDiagonal: Double, _ pair: (Int, Int)) -> Double {
    let n = Double(sampleCount)
    var (rows, first, second) = (0.0, 0.0, 0.0)
    for sample in 0..<sampleCount {
      rows += rowSums[pair.0][sample] * rowSums[pair.1][sample]
      first += rowSums[pair.0][sample]
      second += rowSums[pair.1][sample]
    }
    return (offDiagonal + first / (n - 1) * (second / (n - 2)) - 2 / (n - 2) * rows) / (n * (n - 3))
  }

  func alignment(isUnbiased: Bool) throws(RepresentationError) -> AlignmentMatrix {
    try Self.alignment(count: count, criteria: try criteria(isUnbiased: isUnbiased), isUnbiased: isUnbiased)
  }

  /// CKA from HSIC.
  static func alignment(
    count: Int, criteria: [Double], isUnbiased: Bool
  ) throws(RepresentationError) -> AlignmentMatrix {
    // Pair (i, j) follows the pairs of all representations before i.
    func place(_ i: Int, _ j: Int) -> Int { i * count - i * (i - 1) / 2 + (j - i) }
    for index in 0..<count where criteria[place(index, index)] <= 0 {
      throw RepresentationError(
        .constant, index: index, expected: "samples that differ from each other in different ways",
        found: "an HSIC of \(criteria[place(index, index)]) with itself",
        fix: "use more samples, or the biased estimator")
    }
    return AlignmentMatrix(count: count) { i, j in
      let scale = criteria[place(i, i)].squareRoot() * criteria[place(j, j)].squareRoot()
      let value = criteria[place(i, j)] / scale
      return isUnbiased ? value : min(max(value, 0), 1)
    }
  }

  /// Pairs i <= j by rising i, then j.
  static func pairs(_ count: Int) -> [(Int, Int)] { (0..<count).flatMap { i in (i..<count).map { (i, $0) } } }

  /// Whether sums over pairs of features take fewer multiplications than sums over pairs of samples.
  private static func prefersFeatures(_ models: [CenteredRepresentation]) -> Bool {
    let samples = Double(models.first?.sampleCount ?? 0)
    let widths = models.map { Double($0.featureCount) }
    let sum = widths.reduce(0, +)
    // Half of all products, since both are symmetric. Each element of a kernel is also multiplied with that of every
    // other model, in double precision, which takes about four times as long.
    let overSamples = samples * samples / 2 * (sum + 4 * Double(models.count * models.count) / 2)
    let overFeatures = samples / 2 * sum * sum
    return overFeatures < overSamples
  }

  private static func check(_ models: [Representation], _ kernel: SampleKernel) throws(RepresentationError) {
    if case .rbf(let fraction) = kernel, !(fraction > 0 && fraction.isFinite) {
      throw RepresentationError(
        .outOfRange, expected: "a positive fraction of the median distance", found: "\(fraction)",
        fix: "use 0.2 to 1")
    }
    for (index, model) in models.enumerated() where model.sampleCount != models[0].sampleCount {
      throw RepresentationError(
        .sampleCount, index: index, expected: "\(models[0].sampleCount) samples, as in the first",
        found: "\(model.sampleCount)", fix: "show every model the same samples")
    }
  }
}
