internal import Synchronization

/// How many bytes a group of allocations may hold together; each is checked and counted before it is made.
public final class MemoryBudget: Sendable {
  /// Bytes that may be held at a time.
  public let byteLimit: Int
  private let held = Atomic<Int>(0)

  public init(byteLimit: Int) { self.byteLimit = max(byteLimit, 0) }

  /// One that refuses nothing.
  public static let unlimited = MemoryBudget(byteLimit: .max)

  /// Bytes held now.
  public var heldByteCount: Int { held.load(ordering: .relaxed) }

  /// Counts `byteCount` bytes until the reservation is released; nil where they would exceed the limit. From any
  /// thread.
  public func reserve(_ byteCount: Int) -> Reservation? {
    precondition(byteCount >= 0, "a negative number of bytes")
    var current = held.load(ordering: .relaxed)
    while true {
      guard byteCount <= byteLimit - current else { return nil }
      let (exchanged, original) = held.compareExchange(
        expected: current, desired: current + byteCount, ordering: .relaxed)
      if exchanged { return Reservation(self, byteCount) }
      current = original
    }
  }

  /// Bytes that are counted for as long as this lives.
  public final class Reservation: Sendable {
    public let byteCount: Int
    private let budget: MemoryBudget

    fileprivate init(_ budget: MemoryBudget, _ byteCount: Int) {
      self.budget = budget
      self.byteCount = byteCount
    }

    deinit { budget.held.wrappingSubtract(byteCount, ordering: .relaxed) }
  }
}
