internal import Basics
package import JSON

/// Replaces paths and names by words that say nothing, the same word for the same text, so that a redacted capture
/// still makes sense and replays against a server that reads no files.
package struct Redaction {
  /// Fields that hold names which a person has chosen.
  private static let named: Set<String> = [
    "name", "session", "pipeline", "job", "worker", "encoder", "languageModel", "host", "user", "group", "title",
  ]
  /// Fields with sentences in which names and paths stand.
  private static let prose: Set<String> = ["message", "expected", "found", "fix", "text", "label"]
  private var words: [String: String] = [:]
  private var counts: [String: Int] = [:]

  package init() {}

  /// A message with its paths and names replaced.
  package mutating func redacted(_ json: JSON) -> JSON {
    collect(json, field: nil)
    return replaced(json, field: nil)
  }

  private mutating func collect(_ json: JSON, field: String?) {
    switch json {
    case .string(let string):
      let text = string.text
      guard words[text] == nil else { return }
      if text.hasPrefix("/") || text.hasPrefix("file:") || text.hasPrefix("ROOT/") || text.hasPrefix("~/") {
        words[text] = "/path/\(next("path"))"
      } else if let field, Self.named.contains(field), !text.isEmpty {
        words[text] = "\(field)\(next(field))"
      }
    case .array(let elements): for element in elements { collect(element, field: field) }
    case .object(let object): for member in object { collect(member.value, field: member.key.text) }
    case .null, .bool, .integer, .number: break
    }
  }

  private mutating func next(_ kind: String) -> Int {
    counts[kind, default: 0] += 1
    return counts[kind] ?? 0
  }

  private func replaced(_ json: JSON, field: String?) -> JSON {
    switch json {
    case .string(let string):
      if let word = words[string.text] { return .string(word) }
      guard let field, Self.prose.contains(field) else { return json }
      // The longest first: a path may begin with another.
      let known = words.filter { $0.key.utf8.count >= 2 }.sorted {
        ($0.key.utf8.count, $0.key) > ($1.key.utf8.count, $1.key)
      }
      return .string(known.reduce(string.text) { $0.replacing($1.key, with: $1.value) })
    case .array(let elements): return .array(elements.map { replaced($0, field: field) })
    case .object(let object):
      return .object(
        JSONObject(
          members: object.map { member in
            let key = member.key.text
            return .init(key: words[key] ?? key, value: replaced(member.value, field: key))
          }))
    case .null, .bool, .integer, .number: return json
    }
  }
}
