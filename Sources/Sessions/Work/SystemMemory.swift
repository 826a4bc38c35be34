internal import CLibrary
internal import Files

/// How much memory this process may use.
package enum SystemMemory {
  /// The machine's memory in bytes, or the least limit of the control groups that this process is in: a container's or
  /// a batch job's. On systems without control groups, the machine's.
  package static let byteCount: Int = {
    let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    let groups = text("/proc/self/cgroup").split(separator: "\n").flatMap(limitFiles)
    return groups.compactMap { Int(text($0).prefix { $0.isNumber }) }.reduce(machine, min)
  }()

  /// The files that may hold a limit, for a line `0::/path` (version 2) or `N:memory:/path` (version 1).
  ///
  /// A limit of a group holds for the groups below it. In a container the root of the tree is the container's own
  /// group.
  static func limitFiles(_ line: Substring) -> [String] {
    let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { return [] }
    let (root, file): (String, String)
    if parts[0] == "0" {
      (root, file) = ("/sys/fs/cgroup", "memory.max")
    } else if parts[1].split(separator: ",").contains("memory") {
      (root, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
    } else {
      return []
    }
    var folders = [root]
    for name in parts[2].split(separator: "/") { folders.append("\(folders[folders.count - 1])/\(name)") }
    return folders.map { "\($0)/\(file)" }
  }

  /// A small file's text; empty where there is none, as outside of Linux.
  private static func text(_ path: String) -> String { (try? OpenFile(path).text(atMost: 1 << 16)) ?? "" }
}
