internal import Basics
internal import JSON
internal import ManifestText
internal import Sessions

/// What can be done about a part of a manifest.
enum CodeActions {
  static func list(for asked: SourceRange, _ place: EditorPlace) -> [CodeAction] {
    let analysis = place.analysis
    var actions: [CodeAction] = []
    for problem in analysis.problems.lazy.filter({ overlaps($0.range, asked) }).prefix(Diagnostics.limit) {
      for fix in [problem.fix].compactMap({ $0 }) + RuleRelaxation.fixes(of: problem, analysis) {
        var action = CodeAction(fix.title, .quickFix)
        action.diagnostics = [Diagnostics.diagnostic(problem, in: place.text, place.encoding)]
        action.edit = WorkspaceEdit(edits(fix, place), of: place)
        actions.append(action)
      }
    }
    guard let view = place.session?.view, view.hasSearch else { return actions }
    if let best = view.suggestion, let edit = Insertion.edit(of: best.candidate, place) {
      var action = CodeAction("Insert the suggested \(Words.name(best.candidate))", .rewrite)
      action.edit = WorkspaceEdit([edit], of: place)
      actions.append(action)
    }
    if analysis.manifest.pool != nil, place.capabilities.executeCommand {
      var action = CodeAction("Apply to the search", .source)
      action.command = CommandFields(title: action.title, command: .applyToSearch, uri: place.document.uri)
      actions.append(action)
    }
    return actions
  }

  static func edits(_ fix: ManifestProblem.Fix, _ place: EditorPlace) -> [TextEditFields] {
    fix.edits.map { TextEditFields(range: place.text.range(of: $0.range, in: place.encoding), newText: $0.text) }
  }

  private static func overlaps(_ a: SourceRange, _ b: SourceRange) -> Bool {
    a.lower <= b.upper && b.lower <= a.upper
  }
}

/// Writes the suggested models into a manifest.
enum Insertion {
  /// The change that makes the manifest's `model` a candidate; nil where it is already, or where there is no place for
  /// it.
  static func edit(of candidate: CandidateName, _ place: EditorPlace) -> TextEditFields? {
    let tree = place.analysis.tree
    let parts = [
      ("encoder", candidate.encoder), ("projector", candidate.projector), ("language_model", candidate.languageModel),
    ].compactMap { key, id in id.map { (key, $0) } }
    func written(_ separator: String, _ key: (String) -> String) -> String {
      "{ " + parts.map { "\(key($0.0))\(separator)\(JSON.string($0.1).text)" }.joined(separator: ", ") + " }"
    }
    let value = tree.language == .json ? written(": ") { "\"\($0)\"" } : written(" = ") { $0 }
    func edit(_ range: SourceRange, _ text: String) -> TextEditFields? {
      if place.text[range] == text { return nil }
      return TextEditFields(range: place.text.range(of: range, in: place.encoding), newText: text)
    }
    if let member = tree.root["model"] {
      // A table that a header writes, or dotted keys, is not replaced as a whole.
      guard let key = member.keyRanges.first, member.keyRanges.count == 1, key.upper <= member.node.range.lower,
        tree.language == .json
          || tree.entries.contains(where: { $0.kind == .pair && $0.valueRange == member.node.range })
      else { return nil }
      return edit(member.node.range, value)
    }
    guard tree.language == .toml else {
      guard let first = tree.root.members.first?.keyRanges.first else { return nil }
      return edit(SourceRange(first.lower, first.lower), "\"model\": \(value), ")
    }
    // Behind the last key of the root, before the first header.
    let header = tree.entries.first { $0.kind != .pair }
    let last = tree.entries.last {
      $0.kind == .pair && $0.section.isEmpty && $0.range.lower < header?.range.lower ?? .max
    }
    guard let last else { return edit(SourceRange(0, 0), "model = \(value)\n") }
    let end = place.text.content(ofLine: place.text.line(of: last.range.upper)).upper
    return edit(SourceRange(end, end), "\nmodel = \(value)")
  }
}
