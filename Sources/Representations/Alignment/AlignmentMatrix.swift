public import Basics
internal import SimilarityKernels

/// How similar two samples are by their features.
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
  /// batch. Samples behind the last whole batch are left out.
  case minibatch(size: Int)
}

/// Centered kernel alignment (CKA) of every pair of representations of the same samples.
///
/// `CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))`: 1 for representations that differ by a rotation, a shift and a
/// scale, about 0 for unrelated ones. The plain estimate is in 0...1; the others may lie slightly outside.
public struct AlignmentMatrix: Sendable, Hashable {
  public let count: Int
  /// Row by row, symmetric, with 1 on the diagonal.
  public let values: [Double]

  public subscript(first: Int, second: Int) -> Double { values[first * count + second] }

  /// Compares representations.
  ///
  /// The linear kernel is summed over pairs of samples or over pairs of features, whichever takes fewer operations. No
  /// kernel matrix is kept: memory beside the representations is O(workers x (features of all) x 256 + samples x count)
  /// and less than 100 MiB. The result has the same bits on any number of workers.
  ///
  /// - Parameters:
  ///   - parallel: runs work on further cores.
  ///   - memory: what the comparison may take, beside the representations.
  /// - Throws: ``RepresentationError``; its index says which representation is at fault.
  /// - Complexity: with n samples and D features in all, O(n^2 (D + count^2)) or, for the linear kernel, O(n D^2) when
  ///   that is less; minibatches of size b, O(n b (D + count^2)).
  public init(
    of representations: [Representation], kernel: SampleKernel = .linear, estimator: AlignmentEstimator = .biased,
    parallel: ParallelMap = .serial, memory: MemoryBudget = .unlimited, progress: ProgressHandle = ProgressHandle()
  ) throws(RepresentationError) {
    let resources = AlignmentResources(path: sk_fastest_path(), parallel: parallel, memory: memory)
    let sampleCount = representations.first?.sampleCount ?? 0
    guard case .minibatch(let size) = estimator else {
      let statistics = try KernelStatistics(
        of: representations, kernel: kernel, scaling: nil, resources, progress)
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
      let (start, end) = (Double(batch) / Double(batchCount), Double(batch + 1) / Double(batchCount))
      try batches.add(
        representations.map { $0.samples(batch * size..<(batch + 1) * size) }, firstSample: batch * size, resources,
        progress.part(start...end))
    }
    self = try batches.matrix()
    progress.report(1)
  }

  /// Fills both halves from one value for each pair i < j.
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

extension ProgressHandle {
  /// - Throws: ``RepresentationError/cancelled`` when the caller wants the comparison to stop.
  func check() throws(RepresentationError) {
    if isCancelled() { throw .cancelled }
  }
}
