/// Collects the fields that an ``ObjectWriter`` writes, each path once, in the order first written.
package final class FieldRecorder {
  package private(set) var fields: [FieldSchema] = []
  private var seen: Set<String> = []
  /// The paths of the fields and lists being written, outermost first.
  private var openPaths: [String] = []

  package init() {}

  /// The fields that `value` writes. Fields it leaves out, such as a nil, are not seen.
  package static func fields(of value: some ObjectWritable) -> [FieldSchema] {
    let recorder = FieldRecorder()
    var writer = ObjectWriter(recorder: recorder)
    value.write(to: &writer)
    return recorder.fields
  }

  func enter(_ name: StaticString, _ type: FieldType, _ doc: StaticString) {
    let path = openPaths.last.map { $0.isEmpty ? "\(name)" : "\($0).\(name)" } ?? "\(name)"
    openPaths.append(path)
    guard seen.insert(path).inserted else { return }
    fields.append(FieldSchema(name: path, type: type, isRequired: false, doc: doc.description))
  }

  func enterList() {
    openPaths.append((openPaths.last ?? "") + "[]")
  }

  func leave() {
    openPaths.removeLast()
  }
}
