internal import CLibrary

/// Knows whether an ancestor of this process is still there.
struct ParentWatch {
  /// How often to look.
  static let intervalSeconds = 0.25

  private let processID: Int32
  private let beginning: ProcessStatus?

  /// Nil where `processID` is no ancestor of this process.
  init?(processID: Int32) {
    guard Self.ancestors().contains(processID) else { return nil }
    self.processID = processID
    beginning = ProcessStatus(processID)
  }

  var isAlive: Bool {
    // An orphan is handed to another parent at once.
    if getppid() == processID { return true }
    guard let beginning, let now = ProcessStatus(processID) else { return false }
    // A zombie has ended and only waits for its own parent. A later start is another process of the same number.
    return !now.isZombie && now.startTime == beginning.startTime && !beginning.wasParent
  }

  /// The parent and what is above it, as far as the system tells.
  private static func ancestors() -> [Int32] {
    var ancestors = [getppid()]
    // Deeper than any tree of processes is; a system that changes meanwhile could show a ring.
    while ancestors.count < 256, let next = ProcessStatus(ancestors[ancestors.count - 1])?.parent, next > 0 {
      ancestors.append(next)
    }
    return ancestors
  }
}
