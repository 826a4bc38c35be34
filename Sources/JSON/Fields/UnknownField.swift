extension JSONObject {
  /// Throws where this object, or one inside it, has a field that no schema of `fields` names. Linear in the members.
  ///
  /// Messages between programs may carry fields that only a newer version knows, so ``ObjectReader`` passes them over.
  /// In a file that a person wrote such a field is a slip, and to pass over it would answer another question.
  package func checkFields(_ fields: [FieldSchema]) throws(InvalidField) {
    for member in members {
      guard let schema = fields.first(where: { $0.name == member.key }) else {
        let names = fields.map(\.name).joined(separator: ", ")
        throw InvalidField(
          path: [.key(member.key)], expected: "one of the fields \(names)", found: "\"\(member.key)\"",
          fix: "correct its name, or take it out")
      }
      guard !schema.children.isEmpty else { continue }
      do throws(InvalidField) {
        try member.value.checkObjects(schema.children)
      } catch {
        throw error.inside(.key(member.key))
      }
    }
  }
}

extension JSON {
  /// Checks the fields of an object, or of the objects in a list.
  fileprivate func checkObjects(_ fields: [FieldSchema]) throws(InvalidField) {
    switch self {
    case .object(let object): try object.checkFields(fields)
    case .array(let elements):
      for (index, element) in elements.enumerated() {
        do throws(InvalidField) {
          try element.checkObjects(fields)
        } catch {
          throw error.inside(.index(index))
        }
      }
    default: return
    }
  }
}
