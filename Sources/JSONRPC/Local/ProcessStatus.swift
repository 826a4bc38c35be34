internal import CLibrary

/// What the system says of a process.
struct ProcessStatus {
  let parent: Int32
  let group: Int32
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
      group = info.kp_eproc.e_pgid
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
      guard fields.count > 19, let parent = Int32(fields[1]), let group = Int32(fields[2]),
        let startTime = Int(fields[19])
      else { return nil }
      (self.parent, self.group) = (parent, group)
      isZombie = fields[0] == "Z" || fields[0] == "X"
      self.startTime = startTime
      wasParent = getppid() == processID
    }
  #endif

  /// Whether a group has a process that runs. One that has ended and waits for a parent that does not ask, as the
  /// first process of some containers, counts as gone where the system lists processes.
  static func hasRunning(inGroup group: Int32) -> Bool {
    guard kill(-group, 0) == 0 else { return false }
    #if os(Linux)
      guard let folder = opendir("/proc") else { return true }
      defer { closedir(folder) }
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        guard let number = Int32(name), let status = ProcessStatus(number) else { continue }
        if status.group == group, !status.isZombie { return true }
      }
      return false
    #else
      return true
    #endif
  }
}
