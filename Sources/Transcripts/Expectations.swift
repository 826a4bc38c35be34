package import Basics
package import JSON

/// What a server is still expected to send in a replay, and how what it sends differs.
///
/// Answers are matched by id, batches by their ids, pushes in the order of those with the same method and session. What
/// arrives early is matched all the same: only messages that depend on each other have an order.
package struct Expectations {
  package struct Expected {
    /// Its place among the lines of the capture.
    package let line: Int
    package let client: ExactString
    package let json: JSON
  }

  /// A message that came, or did not.
  package struct Finding: Sendable {
    /// Where it was recorded; nil for one that was not.
    package let line: Int?
    package let message: String
    package let differences: [Difference]
  }

  private let comparison: Comparison
  private let ignoresPushes: Bool
  private let keepsProgress: Bool
  private var waiting: [ExactString: [Expected]] = [:]
  /// Lines that have not arrived yet, in order.
  private var open: Set<Int> = []
  package private(set) var findings: [Finding] = []

  /// - Parameter keepsProgress: whether `$/progress` is compared; how much of it there is depends on time.
  package init(_ capture: Capture, _ comparison: Comparison, keepsProgress: Bool = false) {
    (self.comparison, self.keepsProgress) = (comparison, keepsProgress)
    ignoresPushes = capture.setting("ignore").contains("pushes")
    for (index, line) in capture.lines.enumerated() {
      guard case .message(let message) = line, message.sender == .server,
        keepsProgress || !Capture.isProgress(message)
      else { continue }
      let expected: Expected
      if case .bytes(let bytes) = message.content {
        // Compared as they are written.
        expected = Expected(line: index, client: message.client, json: RawBytes(bytes).json)
        waiting[Self.rawKey(message.client), default: []].append(expected)
      } else if let json = message.json {
        expected = Expected(line: index, client: message.client, json: json)
        waiting[Self.key(message.client, json), default: []].append(expected)
      } else {
        findings.append(Finding(line: index, message: message.text, differences: [Self.unreadable(message.text)]))
        continue
      }
      open.insert(index)
    }
  }

  /// Whether everything that was recorded before a line has arrived.
  package func hasAll(before line: Int) -> Bool { !open.contains { $0 < line } }

  package var isEmpty: Bool { open.isEmpty }

  /// Takes what a server sent.
  ///
  /// - Returns: the line that it answers to; nil where it was not expected.
  @discardableResult
  package mutating func take(_ content: Capture.Message.Content, from client: ExactString) -> Int? {
    switch content {
    case .message(let text): return take(text, from: client)
    case .bytes(let bytes):
      let json = RawBytes(bytes).json
      guard var expected = waiting[Self.rawKey(client)], !expected.isEmpty else {
        findings.append(
          Finding(
            line: nil, message: json.preview(),
            differences: [
              Difference(path: "", expected: "a JSON message in UTF-8", found: "the bytes \(json.preview(limit: 400))")
            ]))
        return nil
      }
      let first = expected.removeFirst()
      waiting[Self.rawKey(client)] = expected
      open.remove(first.line)
      let differences = comparison.differences(first.json, json)
      findings.append(Finding(line: first.line, message: "bytes", differences: differences))
      return first.line
    }
  }

  /// Takes a message that a server sent.
  ///
  /// - Returns: the line that it answers to; nil where it was not expected.
  @discardableResult
  package mutating func take(_ text: String, from client: ExactString) -> Int? {
    guard let json = try? JSON.parse(text) else {
      findings.append(Finding(line: nil, message: Preview.cut(text), differences: [Self.unreadable(text)]))
      return nil
    }
    if !keepsProgress, json["method"] == "$/progress" { return nil }
    let key = Self.key(client, json)
    guard let expected = waiting[key]?.first else {
      if ignoresPushes, json["method"] != nil { return nil }
      let difference = Difference(path: "", expected: "nothing", found: json.preview(limit: 400))
      findings.append(Finding(line: nil, message: title(json), differences: [difference]))
      return nil
    }
    waiting[key]?.removeFirst()
    open.remove(expected.line)
    let differences = comparison.differences(Self.sorted(expected.json), Self.sorted(json))
    findings.append(Finding(line: expected.line, message: title(expected.json), differences: differences))
    return expected.line
  }

  /// Ends the replay: what has not come will not come, and `reason` says why.
  package mutating func finish(_ reason: String) {
    for expected in waiting.values.joined().sorted(by: { $0.line < $1.line }) {
      let difference = Difference(path: "", expected: expected.json.preview(limit: 400), found: reason)
      findings.append(Finding(line: expected.line, message: title(expected.json), differences: [difference]))
    }
    (waiting, open) = ([:], [])
  }

  private static func unreadable(_ text: String) -> Difference {
    Difference(path: "", expected: "a JSON message", found: Preview.cut(text))
  }

  private func title(_ json: JSON) -> String {
    if let method = json["method"]?.stringValue?.text { return method }
    return "answer to \(json["id"]?.text ?? "a batch")"
  }

  /// For what is no message.
  private static func rawKey(_ client: ExactString) -> ExactString { "\(client) bytes" }

  /// What two messages have in common that stand for each other.
  private static func key(_ client: ExactString, _ json: JSON) -> ExactString {
    if let parts = json.arrayValue {
      return "\(client) batch \(parts.map(id).sorted().map(\.text).joined(separator: ","))"
    }
    if let method = json["method"]?.stringValue?.text {
      return "\(client) push \(method) \(json["params"]?["session"]?.canonicalText ?? "")"
    }
    return "\(client) answer \(json["id"]?.canonicalText ?? "")"
  }

  private static func id(_ json: JSON) -> ExactString { ExactString(json["id"]?.canonicalText ?? "") }

  /// The answers of a batch by their ids, as they may come in any order.
  private static func sorted(_ json: JSON) -> JSON {
    guard let parts = json.arrayValue else { return json }
    return .array(parts.map { (id($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1))
  }
}
