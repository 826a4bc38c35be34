internal import Basics
package import ManifestText

/// A manifest that an editor has open: its text, and what it means, worked out once for each state of the text.
package final class ManifestDocument {
  package let uri: String
  package let language: SyntaxTree.Language
  package private(set) var text: TextDocument
  /// Counts the states of the text, and of what it names.
  private(set) var state = 0
  private var known: ManifestAnalysis?

  /// Nil for a document that is no manifest.
  init?(_ opened: OpenedDocument) {
    guard let language = Self.language(of: opened) else { return nil }
    (uri, self.language) = (opened.uri, language)
    text = TextDocument(opened.text, version: opened.version)
  }

  /// A manifest is what the editor calls so, or what has a manifest's name.
  private static func language(of opened: OpenedDocument) -> SyntaxTree.Language? {
    let name = opened.uri.split(separator: "/").last.map(String.init) ?? ""
    let isJSON = name.hasSuffix(".json")
    let names = ["trimtab.toml", "trimtab.json"]
    let isManifest = opened.language == "trimtab" || names.contains { name == $0 || name.hasSuffix("." + $0) }
    return isManifest ? (isJSON ? .json : .toml) : nil
  }

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
    forget()
  }

  /// Has its meaning worked out again, as what it names may have changed.
  func forget() {
    state += 1
    known = nil
  }

  /// Stands for what is wrong in it.
  var resultID: String { "\(state)" }

  /// What the text means. Computed once for each state.
  var analysis: ManifestAnalysis {
    if let known { return known }
    let new = ManifestAnalysis(text.bytes, language, uri: uri)
    known = new
    return new
  }
}
