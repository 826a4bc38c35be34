internal import ManifestText

/// What is wrong in a manifest.
enum Diagnostics {
  static func list(of document: ManifestDocument, in encoding: PositionEncoding) -> [EditorDiagnostic] {
    document.analysis.tree.errors.map { error in
      EditorDiagnostic(
        range: document.text.range(of: error.range, in: encoding), severity: .error, code: "syntax",
        message: error.message + (error.remedy.map { "; \($0)" } ?? ""))
    }
  }
}
