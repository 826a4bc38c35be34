public import Basics

/// What makes two samples alike to a representation.
public enum SampleKernel: Sendable, Hashable {
  /// The inner product of their features.
  case linear
  /// `exp(-distance^2 / (2 s^2))`, with `s` the given positive fraction of the median distance between two samples.
  case rbf(bandwidthFraction: Double)
}

/// How the Hilbert-Schmidt independence criterion (HSIC) is estimated from samples.
public enum AlignmentEstimator: Sendable, Hashable {
  /// The plain estimator (Gretton et al. 2005), which Kornblith et al. (2019, arXiv 1905.00414) use; from 2 samples.
  case biased
  /// Song et al. (2012); its mean does not depend on the number of samples; from 4 samples.
  case unbiased
  /// The mean of unbiased estimates over successive batches (Nguyen et al. 2020, arXiv 2010.15327); from 4 samples a
  /// batch. What is left behind the last whole batch is left out.
  case minibatch(size: Int)
}

/// Centered kernel alignment (CKA) of each two of some representations of the same samples.
///
/// `CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))`: 1 for representations that differ by a rotation, a shift and a scale,
/// about 0 for unrelated ones. The plain estimate is in 0...1; the others may lie a little outside.
public struct AlignmentMatrix: Sendable, Hashable {
  public let count: Int
  /// Row by row, symmetric, with 1 on the diagonal.
  public let values: [Double]

  public subscript(first: Int, second: Int) -> Double { values[first * count + second] }

  /// Compares representations.
  ///
  /// The linear kernel is summed over pairs of samples or over pairs of features, whichever takes fewer operations.
  /// No kernel matrix is kept: memory is O(workers x (features of all) x 256) and less than 100 MiB beside, so that files
  /// larger than memory are read where they lie. The result has the same bits on any number of workers.
  ///
  /// - Parameter parallel: brings in further cores.
  /// - Throws: ``RepresentationError``; its index says which representation is at fault.
  /// - Complexity: with n samples and D features in all, O(n^2 (D + count^2)) or, for the linear kernel, O(n D^2) when
  ///   that is less; minibatches of size b, O(n b (D + count^2)).
  public init(
    of representations: [Representation], kernel: SampleKernel = .linear, estimator: AlignmentEstimator = .biased,
    parallel: ParallelMap = .serial, progress: ProgressHandle = ProgressHandle()
  ) throws(RepresentationError) {
    let sampleCount = representations.first?.sampleCount ?? 0
    guard case .minibatch(let size) = estimator else {
      let statistics = try KernelStatistics(
        of: representations, kernel: kernel, scaling: nil, parallel: parallel, progress: ProgressSpan(progress))
      self = try statistics.alignment(isUnbiased: estimator == .unbiased)
      progress.report(1)
      return
    }
    var batches = MinibatchAlignment(kernel: kernel)
    try Self.checkBatch(size: size, sampleCount)
    for (index, other) in representations.enumerated() where other.sampleCount != sampleCount {
      throw RepresentationError(
        .sampleCount, index: index, expected: "\(sampleCount) samples, as in the first", found: "\(other.sampleCount)",
        fix: "show every model the same samples")
    }
    let batchCount = sampleCount / size
    for batch in 0..<batchCount {
      let span = ProgressSpan(progress, from: Double(batch) / Double(batchCount), share: 1 / Double(batchCount))
      try batches.add(
        representations.map { $0.samples(batch * size..<(batch + 1) * size) }, firstSample: batch * size, parallel, span
      )
    }
    self = try batches.matrix()
    progress.report(1)
  }

  /// Fills both halves from one figure for each pair i < j, pairs by rising i, then j.
  init(count: Int, upper: (Int, Int) -> Double) {
    self.count = count
    var values = [Double](repeating: 1, count: count * count)
    for first in 0..<count {
      for second in first + 1..<max(count, first + 1) {
        let value = upper(first, second)
        values[first * count + second] = value
        values[second * count + first] = value
      }
    }
    self.values = values
  }

  private static func checkBatch(size: Int, _ sampleCount: Int) throws(RepresentationError) {
    guard size >= 4 else {
      throw RepresentationError(
        .sampleCount, expected: "at least 4 samples in a batch", found: "\(size)", fix: "use larger batches")
    }
    guard size <= sampleCount else {
      throw RepresentationError(
        .sampleCount, expected: "at least one batch of \(size) samples", found: "\(sampleCount) samples",
        fix: "use smaller batches")
    }
  }
}

/// Alignment accumulated batch after batch, so that no more than one of them needs to be anywhere at a time.
public struct MinibatchAlignment: Sendable {
  private let kernel: SampleKernel
  private var scaling: KernelScaling?
  /// The sums of unbiased HSIC over the batches, pairs i <= j by rising i, then j.
  private var sums: [Double] = []
  private var count = 0
  public private(set) var batchCount = 0

  /// Begins without any batch.
  ///
  /// Scales, and the bandwidth of an RBF kernel, stay as they are in the first batch, so no representation may be the same
  /// for all samples of that one.
  public init(kernel: SampleKernel = .linear) { self.kernel = kernel }

  /// Adds a batch: every model's representation of the same samples, at least 4, models in the same order each time.
  ///
  /// - Throws: ``RepresentationError``; the batch is then not part of the sums.
  public mutating func add(
    _ batch: [Representation], parallel: ParallelMap = .serial, progress: ProgressHandle = ProgressHandle()
  ) throws(RepresentationError) {
    try add(batch, firstSample: 0, parallel, ProgressSpan(progress))
  }

  mutating func add(
    _ batch: [Representation], firstSample: Int, _ parallel: ParallelMap, _ progress: ProgressSpan
  ) throws(RepresentationError) {
    guard batchCount == 0 || batch.count == count else {
      throw RepresentationError(
        .malformed, expected: "\(count) representations, as in the first batch", found: "\(batch.count)",
        fix: "give every batch the same models")
    }
    let statistics = try KernelStatistics(
      of: batch, firstSample: firstSample, kernel: kernel, scaling: scaling, parallel: parallel, progress: progress)
    let criteria = try statistics.criteria(isUnbiased: true)
    count = batch.count
    scaling = statistics.scaling
    sums = batchCount == 0 ? criteria : zip(sums, criteria).map { $0 + $1 }
    batchCount += 1
  }

  /// The alignment over the batches so far.
  ///
  /// - Throws: ``RepresentationError`` without any batch, or when a representation is alike to nothing in any.
  public func matrix() throws(RepresentationError) -> AlignmentMatrix {
    guard batchCount > 0 else {
      throw RepresentationError(
        .sampleCount, expected: "at least one batch", found: "none", fix: "add a batch of at least 4 samples")
    }
    return try KernelStatistics.alignment(count: count, criteria: sums, isUnbiased: true)
  }
}

/// A part of the progress of a whole.
struct ProgressSpan: Sendable {
  private let whole: ProgressHandle
  private let from: Double
  private let share: Double

  init(_ whole: ProgressHandle, from: Double = 0, share: Double = 1) {
    (self.whole, self.from, self.share) = (whole, from, share)
  }

  func part(from start: Double, share part: Double) -> ProgressSpan {
    ProgressSpan(whole, from: from + start * share, share: part * share)
  }

  var isCancelled: Bool { whole.isCancelled() }

  func report(_ done: Double) { whole.report(from + share * min(done, 1)) }

  func check() throws(RepresentationError) {
    if whole.isCancelled() { throw .cancelled }
  }
}
