/// A part of the protocol that still works and that new programs leave alone.
package struct Deprecation: Sendable {
  /// The method or notification; or the type, as in `protocol-spec/schema.json`, that has the field.
  package let owner: String
  /// Nil where the whole method or notification is deprecated.
  package let field: String?
  /// The version of the protocol that deprecated it. It is removed in the second version after that at the earliest.
  package let since: String
  /// What to use in its place, in a sentence.
  package let instead: String
}

/// What is deprecated; extended by hand.
package enum Deprecations {
  package static let all = [
    Deprecation(
      owner: "InitializeParams", field: "rootUri", since: "0.2",
      instead: "Use `roots` or `workspaceFolders`; the Language Server Protocol deprecates it, too.")
  ]

  /// That of a method or notification.
  package static func of(_ method: String) -> Deprecation? { all.first { $0.owner == method && $0.field == nil } }

  /// That of a field of a type.
  package static func of(_ field: String, in type: String) -> Deprecation? {
    all.first { $0.owner == type && $0.field == field }
  }
}
