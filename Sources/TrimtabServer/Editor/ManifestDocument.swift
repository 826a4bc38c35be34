internal import Basics
internal import Files
internal import ManifestText

/// A manifest that an editor has open: its text, and what it means, worked out once for each state of the text.
package final class ManifestDocument {
  let uri: String
  let language: SyntaxTree.Language
  private(set) var text: TextDocument
  /// Counts the states of the text, and of what it names.
  private(set) var state = 0
  private let folder: String?
  private var known: ManifestAnalysis?
  /// Whether reading the files that the text names takes so little time that it may follow each keystroke.
  private var readsFilesAtOnce = true

  /// Longer than this, in seconds, the files are read only once typing has paused.
  private static let pause = 0.004

  /// Nil for a document that is no manifest.
  init?(_ opened: OpenedDocument) {
    guard let language = Self.language(of: opened) else { return nil }
    (uri, self.language) = (opened.uri, language)
    text = TextDocument(opened.text, version: opened.version)
    // A document that has no file yet, or not on this machine, names no other files.
    let path = try? FileReference.path(opened.uri)
    folder = path.flatMap(FilePath.folder(of:))
  }

  /// A manifest is what the editor calls so, or what has a manifest's name.
  private static func language(of opened: OpenedDocument) -> SyntaxTree.Language? {
    let name = ExactString(FilePath.names(opened.uri).last ?? "")
    let names = ["trimtab.toml", "trimtab.json"]
    let isManifest =
      ExactString(opened.language) == "trimtab"
      || names.contains { name == ExactString($0) || name.hasSuffix("." + $0) }
    return isManifest ? (name.hasSuffix(".json") ? .json : .toml) : nil
  }

  var key: DocumentKey { DocumentKey(uri) }

  /// Makes changes, one after the other.
  func apply(_ changes: [TextChange], version: Int?, in encoding: PositionEncoding) {
    for change in changes {
      if let range = change.range {
        text.replace(range, with: change.text, in: encoding)
      } else {
        text.replaceAll(with: change.text)
      }
    }
    if let version { text.version = version }
    state += 1
    known = nil
  }

  /// Has the files that it names read again, as they may have changed.
  func readFiles() {
    state += 1
    analyse(readingFiles: true)
  }

  /// Stands for what is wrong in it.
  var resultID: String { "\(state)" }

  /// What the text means. Computed once for each state.
  var analysis: ManifestAnalysis { known ?? analyse(readingFiles: readsFilesAtOnce) }

  @discardableResult private func analyse(readingFiles: Bool) -> ManifestAnalysis {
    let new = ManifestAnalysis(text.bytes, language, folder: folder, readsFiles: readingFiles)
    if readingFiles { readsFilesAtOnce = new.seconds <= Self.pause }
    known = new
    return new
  }
}

/// A document by its URI.
typealias DocumentKey = ExactString
