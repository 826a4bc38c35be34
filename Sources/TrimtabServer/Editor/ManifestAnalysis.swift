internal import Basics
internal import ManifestText

/// What the text of a manifest means.
package struct ManifestAnalysis {
  let tree: SyntaxTree

  init(_ bytes: [UInt8], _ language: SyntaxTree.Language, uri: String) {
    tree = SyntaxTree(bytes, language)
  }
}
