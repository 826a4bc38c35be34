internal import Basics
internal import CLibrary

/// Writes files, and lists those of a folder.
package enum FileSystem {
  /// Writes a whole file.
  ///
  /// - Throws: ``FileError`` of kind `unwritable`.
  package static func write(_ text: String, to path: String) throws(FileError) {
    guard let file = fopen(path, "w") else { throw .system(.unwritable, path, errno) }
    var text = text
    let count = text.utf8.count
    let written = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) }
    let number = errno
    guard fclose(file) == 0 else { throw .system(.unwritable, path, errno) }
    guard written == count else { throw .system(.unwritable, path, number) }
  }

  /// Makes the folders that a relative path leads through.
  package static func makeFolders(for path: String) {
    var folder = FilePath.isAbsolute(path) ? "/" : ""
    for part in FilePath.names(path).dropLast() {
      folder += part + "/"
      // One that exists already is as good; where this fails for another reason, so does writing the file.
      mkdir(folder, 0o777)
    }
  }

  /// The names in a folder but for hidden ones, sorted; none where it cannot be read.
  package static func names(in folder: String) -> [String] { entries(of: folder).map(\.name) }

  /// The sorted paths of all files below a folder whose names end with `ending`.
  package static func paths(below folder: String, ending: String) -> [String] {
    entries(of: folder).flatMap { name, isFolder in
      (ExactString(name).hasSuffix(ending) ? ["\(folder)/\(name)"] : [])
        + (isFolder ? paths(below: "\(folder)/\(name)", ending: ending) : [])
    }.sorted()
  }

  private static func entries(of folder: String) -> [(name: String, isFolder: Bool)] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var entries: [(name: String, isFolder: Bool)] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
      }
      if name.utf8.first != UInt8(ascii: ".") { entries.append((name, Int32(entry.pointee.d_type) == Int32(DT_DIR))) }
    }
    return entries.sorted { $0.name < $1.name }
  }
}
