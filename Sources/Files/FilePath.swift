internal import Basics

/// The parts of a path, as the file system takes it: bytes between slashes.
///
/// To `String` a slash and a combining mark behind it are one character, which is no slash. A name that begins with
/// such a mark would hide the slash before it.
package enum FilePath {
  private static let slash = UInt8(ascii: "/")

  package static func isAbsolute(_ path: String) -> Bool { path.utf8.first == slash }

  /// The names between the slashes, empty ones left out.
  package static func names(_ path: String) -> [String] {
    path.utf8.split(separator: slash).map { String(Substring($0)) }
  }

  /// What stands before the last slash; nil where there is none.
  package static func folder(of path: String) -> String? {
    path.utf8.lastIndex(of: slash).map { String(path[..<$0]) }
  }

  /// Whether a path is that of a folder, or of something below it.
  ///
  /// - Parameter folder: absolute, without a slash at its end but for `/` itself.
  package static func isBelow(_ path: String, _ folder: String) -> Bool {
    ExactString(path) == ExactString(folder) || path.utf8.starts(with: (folder == "/" ? folder : folder + "/").utf8)
  }
}
