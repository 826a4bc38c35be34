internal import Basics
internal import SimilarityKernels

/// A representation as the sums use it: minus its mean, times a power of two that brings it near 1, in single
/// precision.
///
/// Neither changes alignment. Both are computed in double precision from differences to the first sample, so that a
/// large common offset costs no digits and a constant column becomes exactly 0.
struct CenteredRepresentation: Sendable {
  let representation: Representation
  let sampleCount: Int
  let featureCount: Int
  /// The mean of each column.
  let shift: [Double]
  let scale: Double
  /// The squared length of each centered row.
  let norms: [Double]
  /// The memory of the arrays above, and of those that are needed to fill them.
  private let reservation: MemoryBudget.Reservation

  /// How many rows a worker reads between two checks for cancellation.
  private static let rowsAtATime = 256
  /// Outside this range, squares and their sums leave that of doubles.
  private static let magnitudes = 1e-140...1e140

  /// Reads the elements three times.
  ///
  /// - Parameter scale: the scale to use; nil computes one.
  init(
    _ representation: Representation, firstSample: Int, scale: Double?, _ resources: AlignmentResources,
    _ progress: ProgressHandle
  ) throws(RepresentationError) {
    let (path, parallel) = (resources.path, resources.parallel)
    self.representation = representation
    sampleCount = representation.sampleCount
    featureCount = representation.featureCount
    let (rows, columns, atATime) = (sampleCount, featureCount, Self.rowsAtATime)
    reservation = try resources.reserve(MemoryLayout<Double>.stride * (3 * columns + rows))
    let chunkCount = (rows + atATime - 1) / atATime
    var origin = [Double](repeating: 0, count: columns)
    sk_widen(representation.matrix, 0, 0, Int64(columns), &origin)

    // The chunks' sums are added in the order of the chunks, whichever worker made them; groups bound their memory.
    let scratch = try SharedBuffer<Double>(count: parallel.workerCount * columns, resources)
    let group = max(4 * parallel.workerCount, 16)
    let chunkSums = try SharedBuffer<Double>(count: group * columns, resources)
    let chunkSpreads = try SharedBuffer<Double>(count: group, resources)
    var sums = [Double](repeating: 0, count: columns)
    var spread = 0.0
    for first in stride(from: 0, to: chunkCount, by: group) {
      let count = min(group, chunkCount - first)
      parallel(count) { [origin] (index, worker) in
        if progress.isCancelled() { return }
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
    // With a given scale, a batch may be constant: it adds nothing to the sums.
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

    let norms = try SharedBuffer<Double>(count: rows, resources)
    let floats = try SharedBuffer<Float>(count: parallel.workerCount * columns, resources)
    parallel(chunkCount) { (chunk, worker) in
      if progress.isCancelled() { return }
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

  /// Writes `count` centered elements of a row from a column on; `scratch` has room for `count` doubles.
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
