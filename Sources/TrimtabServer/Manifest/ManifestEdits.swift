internal import Basics
internal import JSON
internal import ManifestText

/// Writes the edits that mend a manifest's problems.
struct ManifestEdits {
  let tree: SyntaxTree

  init(_ tree: SyntaxTree) { self.tree = tree }

  func replace(_ range: SourceRange, by text: String, title: String) -> ManifestProblem.Fix {
    ManifestProblem.Fix(title: title, edits: [ManifestProblem.Edit(range: range, text: text)])
  }

  /// Writes another key wherever a member's stands.
  func rename(_ member: SyntaxTable.Member, to key: String) -> ManifestProblem.Fix {
    let text = tree.language == .json ? "\"\(key)\"" : key
    return ManifestProblem.Fix(
      title: "Write \(key)", edits: member.keyRanges.map { ManifestProblem.Edit(range: $0, text: text) })
  }

  /// Adds a key to a table: in a line of its own below a header, else inside the braces. Nil for a table that is not
  /// there, or that only dotted keys write.
  func add(_ key: String, _ value: JSON, to path: SyntaxPath) -> ManifestProblem.Fix? {
    let title = "Add \(key)"
    if tree.language == .json {
      guard let (start, isEmpty) = braces(path) else { return nil }
      let text = "\"\(key)\": \(value.text)" + (isEmpty ? "" : ", ")
      return replace(SourceRange(start, start), by: text, title: title)
    }
    let text = "\(key) = \(TOMLText.value(value))"
    if path.isEmpty { return replace(SourceRange(0, 0), by: text + "\n", title: title) }
    if let header = tree.entries.first(where: { $0.kind != .pair && $0.path == path }) {
      return replace(SourceRange(header.range.upper, header.range.upper), by: "\n" + text, title: title)
    }
    guard let member = tree.node(at: path), case .table(let table) = member.value,
      tree.entries.contains(where: { $0.valueRange.map { $0.lower <= member.range.lower } ?? false }),
      isBraced(member, table)
    else { return nil }
    let end = member.range.lower + 1
    return replace(
      SourceRange(end, end), by: " \(text)" + (table.members.isEmpty ? " " : ","), title: title)
  }

  /// Where the members of a JSON object begin, and whether there are none.
  private func braces(_ path: SyntaxPath) -> (Int, Bool)? {
    if path.isEmpty {
      // The root has no node, so without members the place of its brace is unknown.
      return tree.root.members.first.map { (($0.keyRanges.first ?? $0.node.range).lower, false) }
    }
    guard let node = tree.node(at: path), case .table(let table) = node.value else { return nil }
    return (node.range.lower + 1, table.members.isEmpty)
  }

  /// Whether braces write the table, rather than dotted keys: its first key then stands behind its first byte.
  private func isBraced(_ node: SyntaxNode, _ table: SyntaxTable) -> Bool {
    guard let first = table.members.first?.keyRanges.first else { return true }
    return first.lower > node.range.lower
  }
}
