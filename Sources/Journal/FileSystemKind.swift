internal import CLibrary
internal import Files

/// Finds file systems that several machines may write to. There a lock of one machine may not hold off another, and a
/// sync may answer before data is stored.
enum FileSystemKind {
  private static let network: Set<String> = [
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
    "ocfs2", "orangefs", "panfs", "pvfs2", "smb3", "smbfs", "webdav",
  ]

  /// The kind of file system that an absolute path without links lies on, where it is one of a network; nil for a local
  /// one, or where the system does not say.
  static func ofNetwork(at path: String) -> String? {
    #if canImport(Darwin)
      var status = statfs()
      guard statfs(path, &status) == 0, status.f_flags & UInt32(MNT_LOCAL) == 0 else { return nil }
      return withUnsafePointer(to: &status.f_fstypename) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
      }
    #else
      // `statfs` is hidden from Swift here, and its magic numbers say less than these names.
      guard let table = try? OpenFile("/proc/self/mountinfo").text(atMost: 1 << 22) else { return nil }
      return ofNetwork(at: path, mounts: table)
    #endif
  }

  /// The same, by the text of `/proc/self/mountinfo`: the last of the longest mount points above `path` counts.
  static func ofNetwork(at path: String, mounts: String) -> String? {
    var best = (length: -1, kind: "")
    for line in mounts.split(separator: "\n") {
      // ID parent major:minor root mount-point options ... - kind source options
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 1, fields.count > 4 else { continue }
      let mount = unescaped(fields[4])
      guard FilePath.isBelow(path, mount), mount.utf8.count >= best.length else {
        continue
      }
      best = (mount.utf8.count, String(fields[dash + 1]))
    }
    // FUSE stands for anything; the kinds that name a disk's format are local.
    let isFuse = best.kind == "fuse" || best.kind.hasPrefix("fuse.")
    return network.contains(best.kind) || isFuse ? best.kind : nil
  }

  /// Octal escapes stand for blanks and backslashes.
  private static func unescaped(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
