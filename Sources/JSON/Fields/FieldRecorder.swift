/// What a writer did with one field, for generated documents.
package struct WrittenField: Sendable, Hashable {
  /// From the outermost object, as in "plan.gapFraction" or "plans[].energyJoules".
  package let path: String
  /// As in "number" or "list of object".
  package let typeName: String
  package let doc: String

  package init(path: String, typeName: String, doc: String) {
    self.path = path
    self.typeName = typeName
    self.doc = doc
  }
}

/// Collects the fields that an ``ObjectWriter`` writes, each path once, in the order first written.
package final class FieldRecorder {
  package private(set) var fields: [WrittenField] = []
  private var seen: Set<String> = []
  /// The paths of the fields and lists being written, outermost first.
  private var openPaths: [String] = []

  package init() {}

  /// The fields that `value` writes. Fields it leaves out, such as a nil, are not seen.
  package static func fields(of value: some ObjectWritable) -> [WrittenField] {
    let recorder = FieldRecorder()
    var writer = ObjectWriter(recorder: recorder)
    value.write(to: &writer)
    return recorder.fields
  }

  func enter(_ name: StaticString, _ typeName: String, _ doc: StaticString) {
    let path = openPaths.last.map { $0.isEmpty ? "\(name)" : "\($0).\(name)" } ?? "\(name)"
    openPaths.append(path)
    guard seen.insert(path).inserted else { return }
    fields.append(WrittenField(path: path, typeName: typeName, doc: doc.description))
  }

  func enterList() {
    openPaths.append((openPaths.last ?? "") + "[]")
  }

  func leave() {
    openPaths.removeLast()
  }
}
