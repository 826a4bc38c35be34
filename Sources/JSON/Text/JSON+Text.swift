internal import Basics

extension JSON: CustomStringConvertible {
  /// The value as compact JSON text, members in order.
  package var text: String {
    var writer = JSONWriter()
    writer.write(self)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  package var description: String { text }

  /// The value as compact JSON text that equal meanings share: keys sorted by their UTF-8 bytes, the first of
  /// duplicate keys only, and whole numbers below 2^53 in magnitude written without a fraction.
  package var canonicalText: String { canonical.text }

  private var canonical: JSON {
    switch self {
    case .null, .bool, .integer, .string: return self
    case .number(let value):
      return value.magnitude < 0x1p53 ? Int64(exactly: value).map(JSON.integer) ?? self : self
    case .array(let elements): return .array(elements.map(\.canonical))
    case .object(let object):
      var seen: Set<ExactString> = []
      let sorted = object.filter { seen.insert($0.key).inserted }.sorted { $0.key < $1.key }
      return .object(JSONObject(members: sorted.map { .init(key: $0.key, value: $0.value.canonical) }))
    }
  }

  /// The first `limit` Unicode scalars of the value's text, with "..." if there are more.
  /// Looks at no more of a large value than it shows.
  package func preview(limit: Int = Preview.characterLimit) -> String {
    var text = ""
    appendPreview(to: &text, limit: limit)
    return Preview.cut(text, limit: limit)
  }

  private func appendPreview(to text: inout String, limit: Int) {
    // A byte count bounds the work well enough; the exact cut is by scalars, in `preview`.
    func isFull() -> Bool { text.utf8.count > 4 * limit }
    func quoted(_ string: ExactString) -> String { JSON.string(Preview.cut(string.text, limit: limit + 1)).text }
    switch self {
    case .null, .bool, .integer, .number: text += self.text
    case .string(let string): text += quoted(string)
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        element.appendPreview(to: &text, limit: limit)
        if isFull() { return }
      }
      text += "]"
    case .object(let object):
      text += "{"
      for (index, member) in object.enumerated() {
        if index > 0 { text += "," }
        text += quoted(member.key) + ":"
        member.value.appendPreview(to: &text, limit: limit)
        if isFull() { return }
      }
      text += "}"
    }
  }
}
