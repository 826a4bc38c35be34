internal import Basics

/// What stands at a cursor, for hover and completion.
package struct SyntaxPlace: Hashable, Sendable {
  package enum Role: Hashable, Sendable {
    /// In a key, or at its end.
    case key
    /// In a value, or where one is due.
    case value
    /// Where a key may begin, or in TOML a header.
    case blank
    /// In a key of a table's header.
    case header
    case comment
  }

  package var role: Role
  /// For a key, also one of a header: the path of the value that it names, its own key included. For a value that
  /// value's path, where one is due the path that it will have. For a blank or a comment the path of the table around
  /// it.
  package var path: SyntaxPath
  /// The key or value under the cursor, of a dotted key only that part; empty at the cursor where there is none yet.
  package var range: SourceRange

  package init(role: Role, path: SyntaxPath, range: SourceRange) {
    (self.role, self.path, self.range) = (role, path, range)
  }

  /// The table in which a key stands or would; the value's own path otherwise.
  package var tablePath: SyntaxPath {
    switch role {
    case .key, .header: Array(path.dropLast())
    case .value, .blank, .comment: path
    }
  }
}

extension SyntaxTree {
  /// What stands at byte `offset`, also where the text is half written. O(log entries) and the size of the value there.
  package func place(at offset: Int) -> SyntaxPlace {
    let empty = SourceRange(offset, offset)
    // A comment begins behind its number sign: before it one may still type.
    let commentCount = comments.partitioningIndex { $0.lower >= offset }
    if commentCount > 0, comments[commentCount - 1].touches(offset) {
      return SyntaxPlace(role: .comment, path: section(at: offset), range: comments[commentCount - 1])
    }
    if language == .json {
      return place(in: root, at: offset, path: []) ?? SyntaxPlace(role: .blank, path: [], range: empty)
    }
    if let entry = entry(before: offset) {
      for (index, key) in entry.keys.enumerated() where key.range.touches(offset) {
        return SyntaxPlace(role: entry.kind == .pair ? .key : .header, path: entry.keyPath(index), range: key.range)
      }
      if let value = entry.valueRange, offset >= value.lower || entry.range.touches(offset) {
        if let node = node(at: entry.path), node.range == value, let inner = place(in: node, at: offset, entry.path) {
          return inner
        }
        if entry.range.touches(offset) || value.touches(offset) {
          return SyntaxPlace(role: .value, path: entry.path, range: value.touches(offset) ? value : empty)
        }
      } else if entry.range.touches(offset), offset < entry.range.upper || entry.keys.isEmpty {
        // Between the dots, brackets and blanks of a key.
        let index = entry.keys.lastIndex { $0.range.lower <= offset } ?? 0
        guard !entry.keys.isEmpty else { return SyntaxPlace(role: .header, path: [.key("")], range: empty) }
        return SyntaxPlace(
          role: entry.kind == .pair ? .key : .header, path: entry.keyPath(index), range: entry.keys[index].range)
      }
    }
    return SyntaxPlace(role: .blank, path: section(at: offset), range: empty)
  }

  /// The path of the table to which a line at `offset` belongs.
  package func section(at offset: Int) -> SyntaxPath {
    guard let entry = entry(before: offset) else { return [] }
    if entry.kind == .pair { return entry.section }
    return offset >= entry.range.upper ? entry.path : []
  }

  /// The last entry that begins at or before `offset`.
  package func entry(before offset: Int) -> SyntaxEntry? {
    let next = entries.partitioningIndex { $0.range.lower > offset }
    return next > 0 ? entries[next - 1] : nil
  }

  /// The place inside a value; nil where the cursor does not touch it.
  private func place(in node: SyntaxNode, at offset: Int, _ path: SyntaxPath) -> SyntaxPlace? {
    guard node.range.touches(offset) else { return nil }
    // The brackets themselves belong to the value around.
    let isInside = offset > node.range.lower
    switch node.value {
    case .table(let table) where isInside:
      return place(in: table, at: offset, path: path)
        ?? SyntaxPlace(role: .blank, path: path, range: SourceRange(offset, offset))
    case .list(let elements) where isInside:
      for (index, element) in elements.enumerated() {
        if let place = place(in: element, at: offset, path + [.index(index)]) { return place }
      }
      let index = elements.count { $0.range.upper < offset }
      return SyntaxPlace(role: .value, path: path + [.index(index)], range: SourceRange(offset, offset))
    default:
      return SyntaxPlace(role: .value, path: path, range: node.range)
    }
  }

  private func place(in table: SyntaxTable, at offset: Int, path: SyntaxPath) -> SyntaxPlace? {
    for member in table.members {
      let inner = path + [.key(member.key)]
      if let range = member.keyRanges.first(where: { $0.touches(offset) }) {
        return SyntaxPlace(role: .key, path: inner, range: range)
      }
      if let place = place(in: member.node, at: offset, inner) { return place }
      // What later dotted keys write of a table stands outside of its range.
      if member.keyRanges.count > 1, case .table(let table) = member.node.value,
        let place = place(in: table, at: offset, path: inner)
      {
        return place
      }
      // Between a key and its value.
      if let key = member.keyRanges.first, key.upper < offset, offset < member.node.range.lower {
        return SyntaxPlace(role: .value, path: inner, range: SourceRange(offset, offset))
      }
    }
    return nil
  }
}

extension SyntaxEntry {
  /// The path of what the first keys name, up to and with that at `index`.
  fileprivate func keyPath(_ index: Int) -> SyntaxPath {
    // The path has an index behind each key that names a list of tables.
    var path = section
    var count = 0
    for step in self.path.dropFirst(section.count) {
      if case .key = step {
        if count > index { break }
        count += 1
        path.append(step)
      } else if count <= index {
        path.append(step)
      }
    }
    return path
  }
}
