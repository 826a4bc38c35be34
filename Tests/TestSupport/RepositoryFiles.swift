internal import Files

/// The repository's own files, for tests about them.
package enum RepositoryFiles {
  /// The repository's root, from where this file was compiled.
  package static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

  package static func text(_ path: String) throws -> String { try OpenFile("\(root)/\(path)").text(atMost: 1 << 30) }

  /// All files below a folder whose name ends so, sorted.
  package static func paths(below folder: String, ending: String) -> [String] {
    FileSystem.paths(below: "\(root)/\(folder)", ending: ending).map { String($0.dropFirst(root.utf8.count + 1)) }
  }
}
