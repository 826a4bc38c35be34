public import Basics

/// Memory that holds a matrix, counted against a budget. It is filled once and then only read.
public final class ByteStorage: Sendable {
  // Filled before the initialiser returns, and only read afterwards.
  nonisolated(unsafe) public let bytes: UnsafeRawBufferPointer
  private let reservation: MemoryBudget.Reservation

  /// Takes memory and has it filled; nil where the budget has less than `count` bytes left.
  public init?<Failure: Error>(
    count: Int, memory: MemoryBudget, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    guard let reservation = memory.reserve(count) else { return nil }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    do throws(Failure) {
      try fill(buffer)
    } catch {
      buffer.deallocate()
      throw error
    }
    self.reservation = reservation
    bytes = UnsafeRawBufferPointer(buffer)
  }

  deinit { bytes.deallocate() }
}
