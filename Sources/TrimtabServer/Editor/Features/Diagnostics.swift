internal import ManifestText

/// What is wrong in a manifest.
enum Diagnostics {
  /// No more problems than this are listed one by one: an editor shows them all at each keystroke.
  static let limit = 100

  /// The first problems in the order of the text and, where there are more, one diagnostic at the next that counts the
  /// rest. O(problems), and for each that is listed O(bytes of its line).
  static func list(of document: ManifestDocument, in encoding: PositionEncoding) -> [EditorDiagnostic] {
    let problems = document.analysis.problems
    let list = problems.prefix(limit).map { diagnostic($0, in: document.text, encoding) }
    let rest = problems.dropFirst(limit)
    guard let first = rest.first else { return list }
    let errorCount = rest.count { $0.severity == .error }
    return list + [
      EditorDiagnostic(
        range: document.text.range(of: first.range, in: encoding), severity: errorCount > 0 ? .error : .warning,
        code: "moreProblems",
        message: "\(rest.count) more problems from here on, \(errorCount) of them errors; mend those before, or "
          + "see all with trimtab check")
    ]
  }

  static func diagnostic(
    _ problem: ManifestProblem, in text: TextDocument, _ encoding: PositionEncoding
  ) -> EditorDiagnostic {
    EditorDiagnostic(
      range: text.range(of: problem.range, in: encoding), severity: problem.severity == .error ? .error : .warning,
      code: problem.code.rawValue, message: problem.message + (problem.remedy.map { "; \($0)" } ?? ""))
  }
}
