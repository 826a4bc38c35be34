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

/// What the system says of a process.
private struct ProcessStatus {
  let parent: Int32
  let isZombie: Bool
  /// In a unit of the system's, to tell two processes with one number apart.
  let startTime: Int
  /// Whether it was this process's parent when it was looked at.
  let wasParent: Bool

  #if canImport(Darwin)
    init?(_ processID: Int32) {
      var info = kinfo_proc()
      var size = MemoryLayout<kinfo_proc>.stride
      var name = [CTL_KERN, KERN_PROC, KERN_PROC_PID, processID]
      guard sysctl(&name, 4, &info, &size, nil, 0) == 0, size > 0 else { return nil }
      parent = info.kp_eproc.e_ppid
      isZombie = Int32(info.kp_proc.p_stat) == SZOMB
      startTime = info.kp_proc.p_starttime.tv_sec * 1_000_000 + Int(info.kp_proc.p_starttime.tv_usec)
      wasParent = getppid() == processID
    }
  #else
    init?(_ processID: Int32) {
      // See proc_pid_stat(5): the name in parentheses may hold anything, so fields count from the last one.
      guard let file = fopen("/proc/\(processID)/stat", "re") else { return nil }
      defer { fclose(file) }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = fread(&bytes, 1, bytes.count, file)
      guard let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
      let fields = bytes[(end + 1)..<count].split(separator: UInt8(ascii: " ")).map {
        String(decoding: $0, as: UTF8.self)
      }
      guard fields.count > 19, let parent = Int32(fields[1]), let startTime = Int(fields[19]) else { return nil }
      self.parent = parent
      isZombie = fields[0] == "Z" || fields[0] == "X"
      self.startTime = startTime
      wasParent = getppid() == processID
    }
  #endif
}
