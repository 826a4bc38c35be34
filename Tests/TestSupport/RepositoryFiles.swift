internal import CLibrary
internal import Testing

/// The repository's own files, for tests about them.
package enum RepositoryFiles {
  /// The repository's root, from where this file was compiled.
  package static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

  package static func text(_ path: String) throws -> String {
    let file = try #require(fopen("\(root)/\(path)", "r"), "\(path) cannot be opened")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
    }
  }

  /// All files below a folder whose name ends so, sorted.
  package static func paths(below folder: String, ending: String) -> [String] {
    guard let directory = opendir("\(root)/\(folder)") else { return [] }
    defer { closedir(directory) }
    var paths: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      if name.hasSuffix(ending) { paths.append("\(folder)/\(name)") }
      if entry.pointee.d_type == DT_DIR { paths += Self.paths(below: "\(folder)/\(name)", ending: ending) }
    }
    return paths.sorted()
  }
}
