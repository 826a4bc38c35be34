internal import Basics
internal import JSON
internal import ManifestText
internal import Sessions

/// What requests say of their params, said to somebody who edits a manifest.
struct ManifestWords {
  let language: SyntaxTree.Language

  /// What was expected, with the manifest's keys, and with TOML's tables for JSON's objects.
  func expected(_ text: String) -> String {
    let text = ManifestName.inManifest(text, ManifestSchema.declaredNames)
    guard language == .toml else { return text }
    return text.replacingBytes(of: "an object", with: "a table").replacingBytes(of: "objects", with: "tables")
  }

  /// What stands in the text, with the manifest's keys, but for a string, which is its author's.
  func found(_ text: String) -> String {
    ExactString(text).hasPrefix("\"") ? text : ManifestName.inManifest(text, ManifestSchema.declaredNames)
  }

  /// How to mend it: a request is the table that has its params, and is written rather than sent.
  func remedy(_ text: String) -> String {
    var text = text
    for (request, key) in Self.keys {
      text = text.replacingBytes(of: request, with: language == .toml && key != "gpus" ? "[\(key)]" : key)
    }
    return Self.replacing(expected(text), ["send": "write", "submit": "write", "register": "list"])
  }

  /// How to mend what a request refuses.
  func remedy(_ error: RequestError) -> String {
    switch error.kind {
    case .fileOutsideRoots: remedy("move the file into the manifest's folder, or write its text as csvText")
    case .incompleteProfile: "add the missing measurements to the profile"
    case .unknownGPU: "add it to gpus"
    default: remedy(error.fix)
    }
  }

  /// Why a session has no point of the frontier to show.
  func refusal(_ error: RequestError) -> String {
    switch error.kind {
    case .notCharacterized where error.path == "pipeline", .unknownPipeline:
      return "the session has no frontier of this pipeline yet; \(Self.howToCompute)"
    default:
      let place = error.path.isEmpty ? "" : "\(expected(error.path)): "
      return "\(place)expected \(expected(error.expected)), found \(found(error.found)); \(remedy(error))"
    }
  }

  static let howToCompute = "`python -m trimtab launch` computes it before its first trial"

  /// Each request whose params a table is, and the table's key.
  private static let keys = (ManifestSection.tables + [.gpus]).map { ($0.request, $0.key) }

  /// Replaces whole words.
  private static func replacing(_ text: String, _ words: [ExactString: String]) -> String {
    text[...].split(atBytes: " ").map { words[ExactString(String($0))] ?? String($0) }.joined(separator: " ")
  }
}
