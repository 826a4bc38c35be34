/// What a reader declares about one field, for generated documents.
package struct FieldSchema: Sendable, Hashable {
  package let name: String
  /// As in "a number > 0".
  package let expectation: String
  package let isRequired: Bool
  package let doc: String
  /// The fields inside, for an object or a list of objects.
  package let children: [FieldSchema]

  package init(name: String, expectation: String, isRequired: Bool, doc: String, children: [FieldSchema]) {
    self.name = name
    self.expectation = expectation
    self.isRequired = isRequired
    self.doc = doc
    self.children = children
  }
}

/// Finds out which fields a type reads by running its initialiser.
package enum Schema {
  /// The fields of `type` in the order it reads them.
  ///
  /// The initialiser gets placeholders. If it throws on them, fields it would have read later are missing, so rules
  /// across fields belong in ``ObjectReader/check(_:_:expected:fix:)``, which does not run while recording.
  package static func of<T: ObjectReadable>(_ type: T.Type) -> [FieldSchema] {
    var reader = ObjectReader.recording()
    _ = try? T(from: &reader)
    return reader.recorded ?? []
  }
}
