internal import ManifestText

/// The parts of a manifest that an editor may fold.
enum Folds {
  /// Tables of TOML from their headers, values of several lines, and runs of comments, by their first lines.
  static func list(_ place: EditorPlace) -> [Fold] {
    let (tree, text) = (place.analysis.tree, place.text)
    var folds: [Fold] = []
    func add(_ first: Int, _ last: Int, _ kind: Fold.Kind?) {
      if last > first { folds.append(Fold(startLine: first, endLine: last, kind: kind)) }
    }
    let headers = tree.entries.filter { $0.kind != .pair }
    for (index, header) in headers.enumerated() {
      let end = index + 1 < headers.count ? headers[index + 1].range.lower : text.bytes.count
      let last = tree.entry(before: end - 1)?.range.upper ?? header.range.upper
      add(text.line(of: header.range.lower), text.line(of: max(last, header.range.upper)), .region)
    }
    func visit(_ node: SyntaxNode, isWritten: Bool) {
      if isWritten {
        add(text.line(of: node.range.lower), text.line(of: max(node.range.lower, node.range.upper - 1)), nil)
      }
      switch node.value {
      case .list(let elements): for element in elements { visit(element, isWritten: true) }
      case .table(let table): for member in table.members { visit(member.node, isWritten: true) }
      default: break
      }
    }
    for member in tree.root.members { visit(member.node, isWritten: true) }
    var run: (first: Int, last: Int)?
    for comment in tree.comments {
      let line = text.line(of: comment.lower)
      // One behind a value belongs to its line.
      guard comment.lower == text.content(ofLine: line).lower else { continue }
      if let open = run, open.last + 1 == line {
        run?.last = line
      } else {
        if let open = run { add(open.first, open.last, .comment) }
        run = (line, line)
      }
    }
    if let run { add(run.first, run.last, .comment) }
    return folds.sorted { ($0.startLine, $0.endLine) < ($1.startLine, $1.endLine) }
  }
}
