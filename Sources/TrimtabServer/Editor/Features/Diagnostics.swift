internal import ManifestText

/// What is wrong in a manifest.
enum Diagnostics {
  static func list(of document: ManifestDocument, in encoding: PositionEncoding) -> [EditorDiagnostic] {
    document.analysis.problems.map { diagnostic($0, in: document.text, encoding) }
  }

  static func diagnostic(
    _ problem: ManifestProblem, in text: TextDocument, _ encoding: PositionEncoding
  ) -> EditorDiagnostic {
    EditorDiagnostic(
      range: text.range(of: problem.range, in: encoding), severity: problem.severity == .error ? .error : .warning,
      code: problem.code.rawValue, message: problem.message + (problem.remedy.map { "; \($0)" } ?? ""))
  }
}
