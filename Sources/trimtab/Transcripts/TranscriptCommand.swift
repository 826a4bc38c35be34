internal import Basics
internal import Files
internal import JSON
internal import Transcripts

/// `trimtab transcript FILE`: a transcript made of what other programs write.
struct TranscriptCommand {
  static let help = """
    trimtab transcript FILE      a transcript on standard output, made of an editor's trace of the Language Server
                                 Protocol (as text or JSON), of the answer of session/export, or of what
                                 trimtab journal dump prints; answers that it lacks are null until replay --update
      example: trimtab journal dump STATE > log; trimtab transcript log > session.transcript

    """

  private let path: String

  init(_ arguments: [String]) throws(CommandFailure) {
    let parsed = try Arguments(arguments, options: [], flags: [])
    guard parsed.words.count == 1 else {
      throw CommandFailure(
        status: .usage, message: "expected transcript FILE, found \(parsed.words.count) files; see trimtab --help")
    }
    path = parsed.words[0]
  }

  func run() throws(CommandFailure) {
    let text: String
    do throws(FileError) {
      text = try OpenFile(path).text(atMost: 1 << 31)
    } catch {
      throw CommandFailure(status: .noInput, message: "\(path): expected a readable file, found: \(error.found)")
    }
    guard let lines = Self.requests(text) ?? LSPTrace.lines(text) else {
      throw CommandFailure(
        status: .badInput,
        message: "\(path): expected a trace of the Language Server Protocol, an answer of session/export or the "
          + "output of trimtab journal dump, found none of them")
    }
    try writeOutput(Capture(lines).text)
  }

  /// The requests of an exported session or of a journal, after `initialize`; nil where the text is neither.
  private static func requests(_ text: String) -> [Capture.Line]? {
    var requests: [JSON] = []
    if let json = try? JSON.parse(text), let list = (json["result"] ?? json)["requests"]?.arrayValue {
      requests = Array(list)
    } else {
      for line in text.byteLines where !line.isEmpty {
        guard let request = line.behind("--> "), let json = try? JSON.parse(String(request)), json["jsonrpc"] == nil
        else {
          return nil
        }
        requests.append(json)
      }
    }
    guard !requests.isEmpty, requests.allSatisfy({ $0["method"]?.stringValue != nil }) else { return nil }
    let first: JSON = ["method": "initialize", "params": ["clientInfo": ["name": "transcript"]]]
    return ([first] + requests).enumerated().flatMap { index, request -> [Capture.Line] in
      let id = JSON.integer(Int64(index + 1))
      let message: JSON = [
        "jsonrpc": "2.0", "id": id, "method": request["method"] ?? .null, "params": request["params"] ?? [:],
      ]
      // Each request waits for the answer before it, as in a journal the next one came after it.
      let answer: JSON = ["jsonrpc": "2.0", "id": id, "result": .null]
      return [.message(Capture.Message(.client, message.text)), .message(Capture.Message(.server, answer.text))]
    }
  }
}

/// Traces as editors write them: that of VS Code's channel for a server (`trace.server: verbose`) as text or as JSON.
enum LSPTrace {
  /// Nil where the text is no trace.
  static func lines(_ text: String) -> [Capture.Line]? {
    var lines: [Capture.Line] = []
    var start: Double?
    var rest = text.byteLines[...]
    while let line = rest.popFirst() {
      guard line.behind("[") != nil, let head = line.firstRange(ofBytes: "]") else { continue }
      let event = Substring(line[head.upperBound...].utf8.drop { $0 == UInt8(ascii: " ") })
      if event.behind("{") != nil, let json = try? JSON.parse(String(event)), json["isLSPMessage"] == true,
        let type = json["type"]?.stringValue, let message = json["message"]
      {
        let time = json["timestamp"]?.doubleValue.map { $0 / 1000 }
        if start == nil { start = time }
        lines.append(
          .message(
            Capture.Message(
              type.hasPrefix("send") ? .client : .server, complete(message).text,
              seconds: time.flatMap { time in start.map { time - $0 } })))
      } else if let (sender, event) = sent(event) {
        let body = rest.prefix { $0.behind("[Trace") == nil }
        rest = rest.dropFirst(body.count)
        if let message = message(event, body.joined(separator: "\n")) {
          lines.append(.message(Capture.Message(sender, message.text)))
        }
      }
    }
    return lines.isEmpty ? nil : lines
  }

  private static func complete(_ message: JSON) -> JSON {
    guard let object = message.objectValue, message["jsonrpc"] == nil else { return message }
    return .object(JSONObject(members: [.init(key: "jsonrpc", value: "2.0")] + object.members))
  }

  /// Who sent what an event is about, and the rest of it.
  private static func sent(_ event: Substring) -> (Capture.Sender, Substring)? {
    event.behind("Sending ").map { (.client, $0) } ?? event.behind("Received ").map { (.server, $0) }
  }

  /// One event, as in `request 'initialize - (0)'.` with its body below.
  private static func message(_ event: Substring, _ body: String) -> JSON? {
    let quoted = event.split(atBytes: "'")
    guard let kind = event.split(atBytes: " ").first, quoted.count >= 3 else { return nil }
    let value = value(body[...])
    var members: [JSONObject.Member] = [.init(key: "jsonrpc", value: "2.0")]
    let parts = quoted[1].split(atBytes: " - (")
    let id = parts.count == 2 ? String(Substring(parts[1].utf8.dropLast())) : nil
    if let id { members.append(.init(key: "id", value: Int64(id).map(JSON.integer) ?? .string(id))) }
    switch ExactString(String(kind)) {
    case "request" where id != nil, "notification":
      members.append(.init(key: "method", value: .string(String(parts[0]))))
      if let value { members.append(.init(key: "params", value: value)) }
    case "response" where id != nil:
      if let failed = event.firstRange(ofBytes: "Request failed: ") {
        members.append(.init(key: "error", value: error(event[failed.upperBound...], value)))
      } else {
        members.append(.init(key: "result", value: value ?? .null))
      }
    default: return nil
    }
    return .object(JSONObject(members: members))
  }

  /// What stands behind `Params: `, `Result: ` or `Error data: `; nil where nothing does.
  private static func value(_ body: Substring) -> JSON? {
    ["Params: ", "Result: ", "Error data: "].lazy.compactMap { body.behind($0) }.first.flatMap {
      try? JSON.parse(String($0))
    }
  }

  /// As in `no such session (1000).`
  private static func error(_ text: Substring, _ data: JSON?) -> JSON {
    let parts = text.split(atBytes: " (")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let code = parts.dropFirst().last.flatMap { last in
      Int64(Substring(last.utf8.prefix { digits.contains($0) || $0 == UInt8(ascii: "-") }))
    }
    let message = code == nil ? String(text) : parts.dropLast().joined(separator: " (")
    var members: [JSONObject.Member] = [
      .init(key: "code", value: .integer(code ?? -32603)), .init(key: "message", value: .string(message)),
    ]
    if let data { members.append(.init(key: "data", value: data)) }
    return .object(JSONObject(members: members))
  }
}

extension Substring {
  /// What stands behind a beginning, by bytes; nil where the text begins otherwise.
  fileprivate func behind(_ beginning: String) -> Substring? {
    utf8.starts(with: beginning.utf8) ? Substring(utf8.dropFirst(beginning.utf8.count)) : nil
  }
}
