internal import Basics
package import JSON

/// Replaces paths and names by words that say nothing, the same word for the same text, so that a redacted capture
/// still makes sense and replays against a server that reads no files.
package struct Redaction {
  /// Fields that hold names which a person has chosen.
  private static let named: Set<ExactString> = [
    "name", "session", "pipeline", "job", "worker", "encoder", "languageModel", "host", "user", "group", "title",
  ]
  /// Fields with sentences in which names and paths stand.
  private static let prose: Set<ExactString> = ["message", "expected", "found", "fix", "text", "label"]
  /// How paths begin.
  private static let pathBeginnings = ["/", "file:", "ROOT/", "~/"]

  private var words: [ExactString: String] = [:]
  private var counts: [ExactString: Int] = [:]
  /// What is looked for in prose, by its first byte; the longest first, as a path may begin with another.
  private var known: [UInt8: [ExactString]] = [:]

  package init() {}

  /// A message with its paths and names replaced.
  package mutating func redacted(_ json: JSON) -> JSON {
    collect(json, field: nil)
    return replaced(json, field: nil)
  }

  private mutating func collect(_ json: JSON, field: ExactString?) {
    switch json {
    case .string(let text):
      guard words[text] == nil else { return }
      if Self.pathBeginnings.contains(where: text.hasPrefix) {
        learn(text, "/path/\(next("path"))")
      } else if let field, Self.named.contains(field), text != "" {
        learn(text, "\(field)\(next(field))")
      }
    case .array(let elements): for element in elements { collect(element, field: field) }
    case .object(let object): for member in object { collect(member.value, field: member.key) }
    case .null, .bool, .integer, .number: break
    }
  }

  private mutating func learn(_ text: ExactString, _ word: String) {
    words[text] = word
    // One letter stands in too many words that are no names.
    guard text.byteCount >= 2, let first = text.text.utf8.first else { return }
    let alike = known[first] ?? []
    known[first, default: []].insert(text, at: alike.partitioningIndex { $0.byteCount < text.byteCount })
  }

  private mutating func next(_ kind: ExactString) -> Int {
    counts[kind, default: 0] += 1
    return counts[kind] ?? 0
  }

  private func replaced(_ json: JSON, field: ExactString?) -> JSON {
    switch json {
    case .string(let text):
      if let word = words[text] { return .string(word) }
      guard let field, Self.prose.contains(field) else { return json }
      return .string(replaced(inProse: text.text))
    case .array(let elements): return .array(elements.map { replaced($0, field: field) })
    case .object(let object):
      return .object(
        JSONObject(
          members: object.map { member in
            .init(
              key: words[member.key].map { ExactString($0) } ?? member.key,
              value: replaced(member.value, field: member.key))
          }))
    case .null, .bool, .integer, .number: return json
    }
  }

  /// A sentence with each text that is known replaced, from left to right. O(bytes × known texts) at worst.
  private func replaced(inProse sentence: String) -> String {
    var result = ""
    var rest = sentence.utf8[...]
    var copied = rest
    while let byte = rest.first {
      guard let found = known[byte]?.first(where: { rest.starts(with: $0.text.utf8) }) else {
        rest = rest.dropFirst()
        continue
      }
      result += Substring(copied[..<rest.startIndex]) + (words[found] ?? "")
      rest = rest.dropFirst(found.byteCount)
      copied = rest
    }
    return result + Substring(copied)
  }
}
