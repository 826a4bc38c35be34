internal import Basics
internal import Files
internal import ManifestText
internal import Sessions
internal import TrimtabServer

/// A manifest as a file.
struct ManifestFile {
  let path: String
  let tree: SyntaxTree
  private let text: TextDocument

  /// Reads a manifest.
  ///
  /// - Throws: ``CommandFailure`` where it cannot be read, or where its folder has one in the other language, too.
  init(_ path: String) throws(CommandFailure) {
    let name = Self.name(of: path)
    if Self.names.contains(where: { name == ExactString($0) }),
      let other = Self.names.first(where: { name != ExactString($0) })
    {
      let sibling = Self.folder(of: path) == "." ? other : "\(Self.folder(of: path))/\(other)"
      guard !Self.exists(sibling) else {
        throw CommandFailure(
          status: .noInput, message: "\(path): expected one manifest in its folder, found \(other), too; remove one")
      }
    }
    let bytes = try Self.bytes(path)
    self.path = path
    tree = SyntaxTree(bytes, Self.language(of: path))
    text = TextDocument(bytes)
  }

  /// The line and column of a byte, both from 1; a column counts Unicode scalars.
  func place(of offset: Int) -> (line: Int, column: Int) {
    let position = text.position(of: offset, in: .utf32)
    return (position.line + 1, position.character + 1)
  }

  /// The manifest of a folder.
  static func inFolder(_ folder: String) throws(CommandFailure) -> ManifestFile {
    let names = names.map { folder == "." ? $0 : "\(folder)/\($0)" }
    guard let found = names.first(where: exists) else {
      throw CommandFailure(
        status: .noInput, message: "expected \(names.joined(separator: " or ")), found neither; trimtab init writes one"
      )
    }
    return try ManifestFile(found)
  }

  /// Whether a path names a manifest rather than another file of a command: by its name, or its ending.
  static func isManifest(_ path: String) -> Bool {
    ExactString(path).hasSuffix(".toml") || name(of: path) == "trimtab.json"
  }

  static let names = ["trimtab.toml", "trimtab.json"]

  static func language(of path: String) -> SyntaxTree.Language {
    ExactString(path).hasSuffix(".json") ? .json : .toml
  }

  /// Reads the files that it names.
  var files: FileAccess { FileAccess(anywhereFrom: Self.folder(of: path)) }

  static func folder(of path: String) -> String {
    guard let folder = FilePath.folder(of: path) else { return "." }
    return folder.isEmpty ? "/" : folder
  }

  private static func name(of path: String) -> ExactString {
    ExactString(FilePath.folder(of: path).map { String(Substring(path.utf8.dropFirst($0.utf8.count + 1))) } ?? path)
  }

  static func exists(_ path: String) -> Bool { (try? OpenFile(path)) != nil }

  /// The bytes of a file, whatever its encoding.
  static func bytes(_ path: String) throws(CommandFailure) -> [UInt8] {
    do throws(FileError) {
      return try OpenFile(path).bytes(atMost: mostBytes)
    } catch {
      throw CommandFailure(
        status: .noInput, message: "\(path): expected a readable file, found: \(error.found); check the path")
    }
  }

  private static let mostBytes = 16 << 20
}
