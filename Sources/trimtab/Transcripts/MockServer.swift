internal import Basics
internal import CLibrary
internal import JSON
internal import JSONRPC
internal import Transcripts

/// `trimtab serve --from FILE`: answers a client from a capture, for authors of clients.
///
/// A message that the client sends is looked up among those recorded: the next one first, then any that was not played
/// yet, then one that was. What was recorded after it, up to the client's next message, is sent, with the client's ids
/// and tokens in the place of the recorded ones.
struct MockServer {
  private let lines: [Capture.Message]
  private let comparison: Comparison
  private var played: Set<Int> = []
  private var next = 0
  /// Recorded ids, as canonical text, and the client's own.
  private var ids: [ExactString: JSON] = [:]
  private var hasEnded = false
  /// The status to end with once the last line is played, where the capture has one.
  private let lastStatus: Int32?

  /// Fields that say who the client is and where it runs, not what it wants.
  private static let identity: Set<ExactString> = [
    "processId", "clientInfo", "protocolVersions", "roots", "workDoneToken",
  ]

  /// - Parameter capture: of one client; of several the first is played.
  init(_ capture: Capture) {
    let client = capture.clients.first ?? ""
    lines = capture.messages.filter { $0.client == client }
    comparison = Comparison(masks: capture.masks.union(Self.identity))
    lastStatus = capture.setting("exit").last.flatMap { Int32($0.text) }
  }

  /// Serves on the standard streams until the end of input or of `exit`.
  mutating func run() -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    var limits = FrameDecoder.Limits()
    limits.maximumFrameBytes = 1 << 30
    var decoder = FrameDecoder(limits: limits)
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    // What the server says before it is asked.
    var opening = Array(lines.prefix { $0.sender == .server })
    while true {
      let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return 0 }
      buffer.withUnsafeBytes { decoder.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      while let event = decoder.next() {
        guard case .frame(let range) = event else { return 1 }
        let usesHeaders = decoder.framing == .headers
        let content = decoder.withBytes(of: range) { RawBytes.content($0, withHeaders: usesHeaders) }
        let answers =
          opening.map { frame($0, usesHeaders: usesHeaders) } + respond(to: content, usesHeaders: usesHeaders)
        opening = []
        if writeAll(Array(answers.joined()), to: STDOUT_FILENO) != nil { return 1 }
        if hasEnded { return 0 }
        if let lastStatus, !lines[next...].contains(where: { $0.sender == .client }) { return lastStatus }
      }
    }
  }

  /// The frames that follow a message.
  private mutating func respond(to content: Capture.Message.Content, usesHeaders: Bool) -> [[UInt8]] {
    let message = Capture.Message(.client, content)
    let (text, json) = (message.text, message.json)
    guard let index = find(json, message.bytes(withHeaders: usesHeaders), usesHeaders) else {
      let id = json?["id"]
      hasEnded = text.hasBytes(of: "\"exit\"")
      // An answer of the client's is not answered.
      guard let id, json?["method"] != nil else { return [] }
      let answer: JSON = [
        "jsonrpc": "2.0", "id": id,
        "error": ["code": -32001, "message": .string("Not in the capture: \(explanation(text))")],
      ]
      return [RawBytes.frame(Array(answer.text.utf8), withHeaders: usesHeaders)]
    }
    played.insert(index)
    next = index + 1
    if let recorded = lines[index].json, let json { note(recorded, json) }
    hasEnded = json?["method"] == "exit"
    return lines[(index + 1)...].prefix { $0.sender == .server }.map { frame($0, usesHeaders: usesHeaders) }
  }

  /// The recorded message that stands for one that came.
  private func find(_ json: JSON?, _ bytes: [UInt8], _ usesHeaders: Bool) -> Int? {
    let candidates = lines.indices.filter {
      lines[$0].sender == .client && matches(lines[$0], json, bytes, usesHeaders)
    }
    return candidates.first { $0 >= next && !played.contains($0) } ?? candidates.first { !played.contains($0) }
      ?? candidates.last
  }

  private func matches(_ line: Capture.Message, _ json: JSON?, _ bytes: [UInt8], _ usesHeaders: Bool) -> Bool {
    guard let recorded = line.json, let json else {
      return line.json == nil && json == nil && line.bytes(withHeaders: usesHeaders) == bytes
    }
    if let parts = recorded.arrayValue, let others = json.arrayValue, parts.count == others.count {
      return zip(parts, others).allSatisfy { isSameRequest($0, $1) }
    }
    return isSameRequest(recorded, json)
  }

  private func isSameRequest(_ a: JSON, _ b: JSON) -> Bool {
    // What is no request at all is recognized as a whole.
    guard a["method"] != nil, b["method"] != nil else { return a == b }
    return a["method"] == b["method"] && (a["id"] == nil) == (b["id"] == nil)
      && comparison.differences(a["params"] ?? [:], b["params"] ?? [:], limit: 1).isEmpty
  }

  private mutating func note(_ recorded: JSON, _ came: JSON) {
    let pairs = zip(recorded.arrayValue ?? [recorded], came.arrayValue ?? [came])
    for (one, other) in pairs {
      if let id = one["id"], let own = other["id"] { ids["id \(id.canonicalText)"] = own }
      if let token = one["params"]?["workDoneToken"], let own = other["params"]?["workDoneToken"] {
        ids["token \(token.canonicalText)"] = own
      }
    }
  }

  /// A recorded message as it is sent to this client.
  private func frame(_ message: Capture.Message, usesHeaders: Bool) -> [UInt8] {
    guard let json = message.json else { return message.bytes(withHeaders: usesHeaders) }
    let parts = json.arrayValue.map { JSON.array($0.map(translated)) } ?? translated(json)
    return RawBytes.frame(Array(parts.text.utf8), withHeaders: usesHeaders)
  }

  private func translated(_ json: JSON) -> JSON {
    guard let object = json.objectValue else { return json }
    return .object(
      JSONObject(
        members: object.map { member in
          if member.key == "id", json["method"] == nil {
            return .init(key: member.key, value: ids["id \(member.value.canonicalText)"] ?? member.value)
          }
          if member.key == "params", let params = member.value.objectValue, json["method"] == "$/progress" {
            let members = params.map { inner -> JSONObject.Member in
              inner.key == "token"
                ? .init(key: inner.key, value: ids["token \(inner.value.canonicalText)"] ?? inner.value) : inner
            }
            return .init(key: member.key, value: .object(JSONObject(members: members)))
          }
          return member
        }))
  }

  /// What of the capture is nearest to a message that is not in it.
  private func explanation(_ text: String) -> String {
    guard let json = try? JSON.parse(text), let method = json["method"]?.stringValue else { return "no request" }
    let known = lines.compactMap { $0.sender == .client ? $0.json : nil }.filter { $0["method"] == .string(method) }
    guard
      let difference = known.map({ comparison.differences($0["params"] ?? [:], json["params"] ?? [:]) }).min(by: {
        $0.count < $1.count
      })?.first
    else { return "\(method.text) was never sent" }
    return "\(method.text) with params where \(difference.text)"
  }
}
