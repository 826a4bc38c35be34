internal import SimilarityKernels

/// A representation as the sums take it: less its mean, times a power of two that brings it near 1, in single precision.
///
/// Neither changes alignment. Both are found in double precision from differences to the first sample, so that a large
/// common offset costs no digits and a constant column becomes exactly 0.
struct CenteredRepresentation: Sendable {
  let representation: Representation
  let sampleCount: Int
  let featureCount: Int
  /// The mean of each column.
  let shift: [Double]
  let scale: Double
  /// The squared length of each centered row.
  let norms: [Double]

  /// How many rows a worker looks at between two questions whether to go on.
  private static let rowsAtATime = 256
  /// Beyond these, squares and their sums leave the range of doubles.
  private static let magnitudes = 1e-140...1e140

  /// Three readings of the elements.
  ///
  /// - Parameter scale: a scale to keep, nil to find one.
  init(
    _ representation: Representation, firstSample: Int, scale: Double?, path: sk_path, parallel: ParallelMap,
    progress: ProgressSpan
  ) throws(RepresentationError) {
    self.representation = representation
    sampleCount = representation.sampleCount
    featureCount = representation.featureCount
    let (rows, columns, atATime) = (sampleCount, featureCount, Self.rowsAtATime)
    let chunkCount = (rows + atATime - 1) / atATime
    var origin = [Double](repeating: 0, count: columns)
    sk_widen(representation.matrix, 0, 0, Int64(columns), &origin)

    // The chunks' sums are added in the order of the chunks, whoever made them; groups bound the memory for them.
    let scratch = SharedBuffer<Double>(count: parallel.workerCount * columns)
    let group = max(4 * parallel.workerCount, 16)
    let chunkSums = SharedBuffer<Double>(count: group * columns)
    let chunkSpreads = SharedBuffer<Double>(count: group)
    var sums = [Double](repeating: 0, count: columns)
    var spread = 0.0
    for first in stride(from: 0, to: chunkCount, by: group) {
      let count = min(group, chunkCount - first)
      parallel(count) { [origin] (index, worker) in
        if progress.isCancelled { return }
        let sums = chunkSums.base + index * columns
        sums.update(repeating: 0, count: columns)
        let begin = (first + index) * atATime
        chunkSpreads.base[index] = sk_scan(
          path, representation.matrix, Int64(begin), Int64(min(begin + atATime, rows)), origin, sums,
          scratch.base + worker * columns)
      }
      try progress.check()
      for index in 0..<count {
        guard chunkSpreads.base[index].isFinite else { throw Self.notFinite(representation, firstSample) }
        spread = max(spread, chunkSpreads.base[index])
        for column in 0..<columns { sums[column] += chunkSums.base[index * columns + column] }
      }
    }
    // With a scale given, one batch may be the same throughout: it adds nothing to the sums.
    guard spread > 0 || scale != nil else {
      throw RepresentationError(
        .constant, expected: "samples that differ", found: "the same features for every sample",
        fix: "leave this representation out, or check how it was taken")
    }
    guard spread == 0 || Self.magnitudes.contains(spread), sums.allSatisfy(\.isFinite) else {
      throw RepresentationError(
        .outOfRange, expected: "differences between samples in \(Self.magnitudes)", found: "\(spread)",
        fix: "scale the representation, which leaves its alignment as it is")
    }
    let shift = zip(origin, sums).map { $0 + $1 / Double(rows) }
    let scale = scale ?? Double(sign: .plus, exponent: -spread.exponent, significand: 1)
    self.shift = shift
    self.scale = scale

    let norms = SharedBuffer<Double>(count: rows)
    let floats = SharedBuffer<Float>(count: parallel.workerCount * columns)
    parallel(chunkCount) { (chunk, worker) in
      if progress.isCancelled { return }
      let row = floats.base + worker * columns
      for index in chunk * atATime..<min((chunk + 1) * atATime, rows) {
        sk_center(
          path, representation.matrix, Int64(index), 0, Int64(columns), shift, scale, row,
          scratch.base + worker * columns)
        norms.base[index] = sk_sum_of_squares(path, row, Int64(columns))
      }
    }
    try progress.check()
    self.norms = Array(UnsafeBufferPointer(start: norms.base, count: rows))
  }

  /// The centered elements of a row, from a column on; `scratch` holds as many doubles.
  func row(
    _ row: Int, _ column: Int, _ count: Int, _ path: sk_path, into values: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Double>
  ) {
    sk_center(
      path, representation.matrix, Int64(row), Int64(column), Int64(count), shift, scale, values, scratch)
  }

  private static func notFinite(_ representation: Representation, _ firstSample: Int) -> RepresentationError {
    do throws(RepresentationError) {
      try representation.checkFinite(firstSample: firstSample)
    } catch {
      return error
    }
    return RepresentationError(
      .outOfRange, expected: "differences between samples in \(magnitudes)", found: "larger ones",
      fix: "scale the representation, which leaves its alignment as it is")
  }
}

/// Memory that several workers fill, each a part of its own.
final class SharedBuffer<Element: BitwiseCopyable>: Sendable {
  // Workers write to disjoint parts, and what they wrote is read after all have returned.
  nonisolated(unsafe) let base: UnsafeMutablePointer<Element>

  /// Uninitialised, and aligned to a cache line.
  init(count: Int) {
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Element>.stride, alignment: 64)
    base = bytes.baseAddress!.assumingMemoryBound(to: Element.self)
  }

  deinit { base.deallocate() }
}
