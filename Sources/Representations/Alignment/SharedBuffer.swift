internal import Basics
internal import SimilarityKernels

/// The kernels, cores and memory that a comparison uses.
struct AlignmentResources: Sendable {
  /// The kernels that suit the processor.
  let path: sk_path
  let parallel: ParallelMap
  /// What the memory of the comparison is counted against.
  let memory: MemoryBudget

  /// Counts memory for as long as the reservation lives.
  ///
  /// - Throws: ``RepresentationError`` of kind `memory`.
  func reserve(_ byteCount: Int) throws(RepresentationError) -> MemoryBudget.Reservation {
    guard let reservation = memory.reserve(byteCount) else { throw .memory(byteCount, memory) }
    return reservation
  }
}

/// Memory that several workers fill, each its own part. Counted against the budget of the comparison.
final class SharedBuffer<Element: BitwiseCopyable>: Sendable {
  // Workers write to disjoint parts, and the parts are read after all workers have returned.
  nonisolated(unsafe) let base: UnsafeMutablePointer<Element>
  private let reservation: MemoryBudget.Reservation

  /// Uninitialised, and aligned to a cache line.
  ///
  /// - Throws: ``RepresentationError`` of kind `memory` before any memory is taken.
  init(count: Int, _ resources: AlignmentResources) throws(RepresentationError) {
    let byteCount = max(count, 1) * MemoryLayout<Element>.stride
    reservation = try resources.reserve(byteCount)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    base = bytes.baseAddress!.assumingMemoryBound(to: Element.self)
  }

  deinit { base.deallocate() }
}
