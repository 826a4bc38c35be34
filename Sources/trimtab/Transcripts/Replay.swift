internal import Basics
internal import CLibrary
internal import JSON
internal import JSONRPC
internal import Transcripts

/// Plays the clients' side of a capture against servers, and compares what they send.
///
/// A message is sent once everything that was recorded before it has arrived, so the capture's order is its clock.
struct Replay {
  struct Options {
    var usesHeaders: Bool?
    var keepsProgress = false
    var isOpen = false
    /// How long a recorded message may take, in seconds.
    var patienceSeconds = 60.0
  }

  struct Outcome {
    var findings: [Expectations.Finding] = []
    /// What came for each recorded message, by its line in the capture.
    var received: [Int: Capture.Message.Content] = [:]
    /// The capture as it went now; equal messages as they were written.
    var updated: Capture
    var seconds = 0.0
    /// Servers that said all they should and then ended otherwise than they should, one sentence for each.
    var wrongEnds: [String] = []

    var failures: [Expectations.Finding] { findings.filter { !$0.differences.isEmpty } }
  }

  private let capture: Capture
  private let options: Options
  private var servers: [ServerProcess] = []
  private var expectations: Expectations
  /// What came for each line of a server, in place of those that it differs from, and unexpectedly after a line.
  private var received: [Int: Capture.Message.Content] = [:]
  private var replaced: [Int: Capture.Message.Content] = [:]
  private var inserted: [Int: [(client: ExactString, content: Capture.Message.Content)]] = [:]
  private var position = -1
  private var wrongEnds: [String] = []

  private init(_ capture: Capture, _ options: Options) {
    (self.capture, self.options) = (capture, options)
    let comparison = Comparison(
      masks: capture.masks, isOpen: options.isOpen || capture.setting("compare").contains("open"))
    expectations = Expectations(capture, comparison, keepsProgress: options.keepsProgress)
  }

  /// - Parameters:
  ///   - command: starts a server; each client of the capture gets one of its own.
  ///   - groups: gets the servers' groups; they have ended when this returns or throws.
  /// - Throws: ``CommandFailure`` where a server cannot be started.
  static func run(
    _ capture: Capture, against command: [String], in groups: ProcessGroups, _ options: Options
  ) throws(CommandFailure) -> Outcome {
    defer { groups.endAll() }
    var replay = Replay(capture, options)
    let start = monotonicSeconds()
    for client in capture.clients {
      replay.servers.append(
        try ServerProcess(
          command, client: client, usesHeaders: options.usesHeaders ?? capture.usesHeaders, in: groups))
    }
    replay.play()
    var outcome = Outcome(
      findings: replay.expectations.findings, received: replay.received, updated: replay.updated)
    outcome.seconds = monotonicSeconds() - start
    outcome.wrongEnds = replay.wrongEnds
    return outcome
  }

  private mutating func play() {
    for (index, line) in capture.lines.enumerated() {
      guard case .message(let message) = line, message.sender == .client else { continue }
      guard wait(until: { $0.expectations.hasAll(before: index) }) else { return abandon() }
      position = index
      servers.first { $0.client == message.client }?.send(message)
    }
    guard wait(until: { $0.expectations.isEmpty }) else { return abandon() }
    for server in servers { server.closeInput() }
    guard wait(until: { $0.servers.allSatisfy(\.hasEnded) }) else { return abandon() }
    for server in servers {
      let expected = capture.exitStatuses(of: server.client)
      guard let status = server.end(waiting: options.patienceSeconds) else { continue }
      if case .exited(let code) = status, expected.contains(code) { continue }
      let name = server.client == "" ? "the server" : "the server of \(server.client)"
      let statuses = expected.map(String.init).joined(separator: " or ")
      wrongEnds.append(
        "expected \(name) to end with status \(statuses), found \(status); its standard error may say why, and "
          + "%exit in the capture says another status")
    }
  }

  /// Takes what the servers send until `condition` holds; false where they end or take too long before.
  private mutating func wait(until condition: (Replay) -> Bool) -> Bool {
    let deadline = monotonicSeconds() + options.patienceSeconds
    while true {
      for server in servers {
        for content in server.exchange() { take(content, from: server.client) }
      }
      if condition(self) { return true }
      let remaining = deadline - monotonicSeconds()
      var entries = servers.flatMap(\.interests)
      guard remaining > 0, !entries.isEmpty else { return false }
      poll(&entries, nfds_t(entries.count), Int32(min(remaining * 1000, 60_000).rounded(.up)))
    }
  }

  private mutating func take(_ content: Capture.Message.Content, from client: ExactString) {
    var content = content
    if case .message(let text) = content, let workingDirectory {
      content = .message(text.replacingBytes(of: workingDirectory + "/", with: "ROOT/"))
    }
    let count = expectations.findings.count
    let line = expectations.take(content, from: client)
    guard expectations.findings.count > count, let finding = expectations.findings.last else { return }
    if let line {
      if !finding.differences.isEmpty { replaced[line] = content } else { replaced[line] = nil }
      received[line] = content
    } else {
      inserted[position, default: []].append((client, content))
    }
  }

  private mutating func abandon() {
    let haveEnded = servers.contains(where: \.hasEnded)
    let statuses = servers.map { server in
      // One that has closed its output is about to end by itself.
      server.end(waiting: server.hasEnded ? 1 : 0).map { "\($0)" } ?? "none"
    }.joined(separator: ", ")
    expectations.finish(haveEnded ? "the end of the server: \(statuses)" : "nothing in \(options.patienceSeconds) s")
  }

  private var updated: Capture {
    var lines: [Capture.Line] = []
    for (index, line) in capture.lines.enumerated() {
      if case .message(var message) = line, message.sender == .server {
        let isCompared = options.keepsProgress || !Capture.isProgress(message)
        guard received[index] != nil || !isCompared else { continue }
        message.content = replaced[index] ?? message.content
        lines.append(.message(message))
      } else {
        lines.append(line)
      }
      lines += (inserted[index] ?? []).map { .message(Capture.Message(.server, $0.content, client: $0.client)) }
    }
    return Capture(lines)
  }
}

extension Capture {
  /// The statuses with which the server of a client may end: what `%exit` says; else 0, or after an `exit` that no
  /// `shutdown` came before also 1, as the Language Server Protocol has it.
  fileprivate func exitStatuses(of client: ExactString) -> [Int32] {
    if let said = setting("exit").last.flatMap({ Int32($0.text) }) { return [said] }
    // By bytes: a name of many combining characters takes long to compare otherwise.
    let sent = messages.filter { $0.sender == .client && $0.client == client }
    let methods = sent.compactMap { message -> ExactString? in
      guard case .message(let text) = message.content else { return nil }
      return (try? JSON.parse(text))?["method"]?.stringValue.map { ExactString($0.text) }
    }
    return methods.contains(ExactString("exit")) && !methods.contains(ExactString("shutdown")) ? [0, 1] : [0]
  }
}

private let workingDirectory: String? = getcwd(nil, 0).map { path in
  defer { free(path) }
  return String(cString: path)
}
