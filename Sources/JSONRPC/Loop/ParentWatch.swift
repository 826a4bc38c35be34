internal import CLibrary

/// Knows whether the process that started this one is still there.
struct ParentWatch {
  /// How often to look.
  static let intervalSeconds = 0.25

  private let processID: Int32
  /// An orphan is handed to another parent at once, while the dead one's number may stay in use for a while.
  private let isParent: Bool

  init(processID: Int32) {
    self.processID = processID
    isParent = getppid() == processID
  }

  var isAlive: Bool {
    if isParent { return getppid() == processID }
    // No permission to signal it means that it is there.
    return kill(processID, 0) == 0 || errno != ESRCH
  }
}
