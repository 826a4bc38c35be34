internal import Basics

/// A field of a message that its reader does not know.
package struct UnknownField: Sendable, Hashable {
  /// The steps from the outermost object to the field.
  package fileprivate(set) var path: [InvalidField.PathComponent]
  /// The fields that the object may have.
  fileprivate let known: [String]

  /// The path as a program would write it, as in `constraints.allowedLicenses`; shortened to 120 bytes, and with a
  /// question mark for what JSON would have to escape.
  package var pathText: String {
    InvalidField(path: path, expected: "", found: "").pathText.shortened(toBytes: 120)
  }

  /// The known field that is most like it; nil where none is.
  package var nearest: String? {
    guard case .key(let name)? = path.last else { return nil }
    return Self.nearest(to: name, among: known)
  }

  /// The name that is most like another; nil where none is. O(names) edit distances.
  package static func nearest(to name: String, among known: [String]) -> String? {
    let near = known.map { (name: $0, distance: editDistance($0, name)) }.min { $0.distance < $1.distance }
    if let near, near.distance <= max(1, near.name.utf8.count / 3) { return near.name }
    // Often only the unit is missing, as in `memory` for `memoryBytes`.
    let beginning = name.lowercased().utf8
    return beginning.count < 3 ? nil : known.first { $0.lowercased().utf8.starts(with: beginning) }
  }

  /// The field as an error, for messages in which unknown fields are errors.
  package var error: InvalidField {
    InvalidField(
      path: path, expected: "one of the fields \(known.joined(separator: ", "))", found: "a field of another name",
      fix: nearest.map { "write `\($0)`, or leave the field out" } ?? "correct its name, or leave it out")
  }
}

/// The fields of one message that no reader asked for. Only the first ``limit`` are kept.
package struct UnknownFields: Sendable {
  package static let limit = 16
  /// Fields that tools between client and server add to any request.
  static let tokens: Set<ExactString> = ["workDoneToken", "partialResultToken", "_meta"]
  package private(set) var list: [UnknownField] = []
  /// The fields of the types that met an unknown one, so that many such objects cost no more than many others.
  private var knownNames: [ObjectIdentifier: [String]] = [:]

  /// Whether readers also note what they understand.
  let collectsUnderstood: Bool
  /// The value that was read last, where it has objects inside: only what was understood of it.
  var understood: JSON?

  package init() { self.init(collectsUnderstood: false) }

  init(collectsUnderstood: Bool) { self.collectsUnderstood = collectsUnderstood }

  mutating func takeUnderstood() -> JSON? {
    defer { understood = nil }
    return understood
  }

  /// Notes the members of an object that the reader of `type` did not find. O(members * fields).
  mutating func note<T: ObjectReadable>(_ object: JSONObject, readAs type: T.Type) {
    guard list.count < Self.limit else { return }
    let names = names(of: type)
    for member in object where !names.contains(where: { ExactString($0) == member.key }) {
      if Self.tokens.contains(member.key) { continue }
      list.append(UnknownField(path: [.key(Preview.cut(member.key.text))], known: names))
      if list.count == Self.limit { return }
    }
  }

  /// What lies inside `component`, as seen from the value around it; for those noted since there were `count`.
  mutating func enclose(since count: Int, in component: @autoclosure () -> InvalidField.PathComponent) {
    guard list.count > count else { return }
    let component = component()
    for index in count..<list.count { list[index].path.insert(component, at: 0) }
  }

  private mutating func names<T: ObjectReadable>(of type: T.Type) -> [String] {
    let id = ObjectIdentifier(type)
    if let names = knownNames[id] { return names }
    let names = Schema.knownNames(of: type)
    knownNames[id] = names
    return names
  }
}

extension InvalidField {
  /// The same error with a remedy where a field is missing and another one has nearly its name.
  func explained<T: ObjectReadable>(by object: JSONObject, readAs type: T.Type) -> InvalidField {
    guard path.count == 1, found == "nothing", case .key(let missing) = path[0] else { return self }
    var unknown = UnknownFields()
    unknown.note(object, readAs: type)
    guard let slip = unknown.list.first(where: { $0.nearest == missing }) else { return self }
    var explained = self
    explained.fix = "write `\(missing)` instead of `\(slip.pathText)`"
    return explained
  }
}

extension UnknownField: AnswerObject {
  package static let fields = Fields<UnknownField> {
    Field("path", "Where the field is, as in `constraints.allowedLicenses`.") { $0.pathText }
    Field("nearest", "The known field with the most similar name; absent where none is similar.") { $0.nearest }
  }
}

extension String {
  /// A prefix of at most `count` bytes.
  fileprivate func shortened(toBytes count: Int) -> String {
    var text = ""
    var byteCount = 0
    for scalar in unicodeScalars {
      let isPlain = scalar.value >= 0x20 && scalar != "\"" && scalar != "\\"
      byteCount += isPlain ? UTF8.width(scalar) : 1
      guard byteCount <= count else { return text + "..." }
      text.unicodeScalars.append(isPlain ? scalar : "?")
    }
    return text
  }
}

/// Insertions, deletions, replacements and exchanges of neighbours that make one name of the other (optimal string
/// alignment); letters of either case are alike. O(bytes * bytes) of at most 64 each.
private func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (a.lowercased().utf8.prefix(64).map { $0 }, b.lowercased().utf8.prefix(64).map { $0 })
  var (older, last) = ([Int](), Array(0...b.count))
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var best = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, older[j - 1] + 1) }
      row.append(best)
    }
    (older, last) = (last, row)
  }
  return last[b.count]
}
