internal import CLibrary
internal import Files

/// How much memory this process may use.
enum SystemMemory {
  /// The machine's memory in bytes, or the least limit of the control groups that this process may be in.
  static let byteCount: Int = {
    let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    // Of versions 2 and 1, as a container sees its own; absent elsewhere, and "max" where there is no limit.
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap { path in
      (try? OpenFile(path).text(atMost: 1 << 12)).flatMap { Int($0.prefix { $0.isNumber }) }
    }
    return min(machine, limits.min() ?? .max)
  }()
}
