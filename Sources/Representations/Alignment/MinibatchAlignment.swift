internal import Basics

/// Alignment accumulated batch after batch.
///
/// Scales, and the bandwidth of an RBF kernel, stay as in the first batch, in which therefore no representation may be
/// constant.
struct MinibatchAlignment {
  private let kernel: SampleKernel
  private var scaling: KernelScaling?
  /// The sums of unbiased HSIC over the batches, pairs i <= j by rising i, then j.
  private var sums: [Double] = []
  private var count = 0

  init(kernel: SampleKernel) { self.kernel = kernel }

  /// Adds a batch: the representations of at least 4 samples, models in the same order each time.
  ///
  /// - Parameter firstSample: the number of the batch's first sample in errors.
  /// - Throws: ``RepresentationError``; the batch is then not part of the sums.
  mutating func add(
    _ batch: [Representation], firstSample: Int, _ resources: AlignmentResources, _ progress: ProgressHandle
  ) throws(RepresentationError) {
    let statistics = try KernelStatistics(
      of: batch, firstSample: firstSample, kernel: kernel, scaling: scaling, resources, progress)
    let criteria = try statistics.criteria(isUnbiased: true)
    count = batch.count
    scaling = statistics.scaling
    sums = sums.isEmpty ? criteria : zip(sums, criteria).map { $0 + $1 }
  }

  /// The alignment over the batches so far, of which there must be one.
  ///
  /// - Throws: ``RepresentationError`` when a representation is constant in every batch.
  func matrix() throws(RepresentationError) -> AlignmentMatrix {
    try KernelStatistics.alignment(count: count, criteria: sums, isUnbiased: true)
  }
}
