package import Basics

/// One step from a value of a manifest to a value inside it.
package enum SyntaxStep: Hashable, Sendable {
  case key(ExactString)
  /// From 0.
  case index(Int)
}

/// The steps from a manifest's root table to a value.
package typealias SyntaxPath = [SyntaxStep]

extension SyntaxTree {
  /// The value at `path`; nil where there is none, and for the root, which is no node.
  package func node(at path: SyntaxPath) -> SyntaxNode? {
    var node: SyntaxNode?
    for step in path {
      guard let next = SyntaxNode.inner(of: node?.value ?? .table(root), at: step) else { return nil }
      node = next
    }
    return node
  }

  /// The table at `path`; nil where there is none.
  package func table(at path: SyntaxPath) -> SyntaxTable? {
    if path.isEmpty { return root }
    guard case .table(let table)? = node(at: path)?.value else { return nil }
    return table
  }

  /// The member whose value is at `path`; nil where there is none, and for elements of lists.
  package func member(at path: SyntaxPath) -> SyntaxTable.Member? {
    guard case .key(let key)? = path.last else { return nil }
    return table(at: path.dropLast())?[key.text]
  }
}

extension SyntaxNode {
  fileprivate static func inner(of value: Value, at step: SyntaxStep) -> SyntaxNode? {
    switch (value, step) {
    case (.table(let table), .key(let key)): table.members.first { $0.key == key }?.node
    case (.list(let elements), .index(let index)) where elements.indices.contains(index): elements[index]
    default: nil
    }
  }
}
