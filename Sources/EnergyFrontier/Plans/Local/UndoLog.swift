/// The changes of an ``IncrementalLongestPaths`` in order, so that they can be undone from the end.
///
/// The state lies behind a constant pointer for the same reason as that of ``PositionBitSet``. The owner deallocates
/// it.
struct UndoLog {
  struct Change {
    let kind: Kind
    let position: Int32
    /// The value before.
    let old: Int64
  }

  enum Kind: UInt8 {
    case option, head, tail, noted
  }

  private struct State {
    var changes: UnsafeMutableBufferPointer<Change>
    var count = 0
  }

  private let state: UnsafeMutablePointer<State>

  init() {
    state = .allocate(capacity: 1)
    state.initialize(to: State(changes: .allocate(capacity: 256)))
  }

  func deallocate() {
    state.pointee.changes.deallocate()
    state.deallocate()
  }

  var count: Int { state.pointee.count }

  /// Amortized O(1).
  @inline(__always)
  func append(_ kind: Kind, _ position: Int, _ old: Int64) {
    if state.pointee.count == state.pointee.changes.count { grow() }
    state.pointee.changes.initializeElement(
      at: state.pointee.count, to: Change(kind: kind, position: Int32(position), old: old))
    state.pointee.count += 1
  }

  /// Takes the last change out; there is one.
  func removeLast() -> Change {
    state.pointee.count -= 1
    return state.pointee.changes[state.pointee.count]
  }

  func removeAll() { state.pointee.count = 0 }

  private func grow() {
    let old = state.pointee.changes
    state.pointee.changes = .allocate(capacity: 2 * old.count)
    _ = state.pointee.changes.moveInitialize(fromContentsOf: old)
    old.deallocate()
  }
}
