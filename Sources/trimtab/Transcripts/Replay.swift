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
    /// The capture as it went now; equal messages as they were written.
    var updated: Capture
    var seconds = 0.0

    var failures: [Expectations.Finding] { findings.filter { !$0.differences.isEmpty } }
  }

  private let capture: Capture
  private let options: Options
  private var servers: [ServerProcess] = []
  private var expectations: Expectations
  /// What came in place of a line, and what came unexpectedly after one.
  private var replaced: [Int: String] = [:]
  private var inserted: [Int: [(client: String, text: String)]] = [:]
  private var position = -1

  private init(_ capture: Capture, _ options: Options) {
    (self.capture, self.options) = (capture, options)
    let comparison = Comparison(
      masks: capture.masks, isOpen: options.isOpen || capture.setting("compare").contains("open"))
    expectations = Expectations(capture, comparison, keepsProgress: options.keepsProgress)
  }

  /// - Parameter command: starts a server; each client of the capture gets one of its own.
  /// - Throws: ``CommandFailure`` where a server cannot be started.
  static func run(_ capture: Capture, against command: [String], _ options: Options) throws(CommandFailure) -> Outcome {
    var replay = Replay(capture, options)
    let start = monotonicSeconds()
    for client in capture.clients {
      replay.servers.append(
        try ServerProcess(command, client: client, usesHeaders: options.usesHeaders ?? capture.usesHeaders))
    }
    replay.play()
    var outcome = Outcome(findings: replay.expectations.findings, updated: replay.updated)
    outcome.seconds = monotonicSeconds() - start
    return outcome
  }

  private mutating func play() {
    for (index, line) in capture.lines.enumerated() {
      guard case .message(let message) = line, message.sender == .client else { continue }
      guard wait(until: { $0.expectations.hasAll(before: index) }) else { return abandon() }
      position = index
      servers.first { $0.client == message.client }?.send(message.text, isRaw: message.isRaw)
    }
    guard wait(until: { $0.expectations.isEmpty }) else { return abandon() }
    for server in servers { server.closeInput() }
    guard wait(until: { $0.servers.allSatisfy(\.hasEnded) }) else { return abandon() }
    for server in servers { _ = server.wait() }
  }

  /// Takes what the servers send until `condition` holds; false where they end or take too long before.
  private mutating func wait(until condition: (Replay) -> Bool) -> Bool {
    let deadline = monotonicSeconds() + options.patienceSeconds
    while true {
      for server in servers {
        for text in server.exchange() { take(text, from: server.client) }
      }
      if condition(self) { return true }
      let remaining = deadline - monotonicSeconds()
      var entries = servers.flatMap(\.interests)
      guard remaining > 0, !entries.isEmpty else { return false }
      poll(&entries, nfds_t(entries.count), Int32((remaining * 1000).rounded(.up)))
    }
  }

  private mutating func take(_ text: String, from client: String) {
    let text = workingDirectory.map { text.replacing($0 + "/", with: "ROOT/") } ?? text
    let count = expectations.findings.count
    let line = expectations.take(text, from: client)
    guard expectations.findings.count > count, let finding = expectations.findings.last else { return }
    if let line {
      if !finding.differences.isEmpty { replaced[line] = text } else { replaced[line] = nil }
      arrived.insert(line)
    } else {
      inserted[position, default: []].append((client, text))
    }
  }

  private var arrived: Set<Int> = []

  private mutating func abandon() {
    let haveEnded = servers.contains(where: \.hasEnded)
    for server in servers { server.kill() }
    let statuses = servers.map { "\($0.wait())" }.joined(separator: ", ")
    expectations.finish(haveEnded ? "the end of the server: \(statuses)" : "nothing in \(options.patienceSeconds) s")
  }

  private var updated: Capture {
    var lines: [Capture.Line] = []
    for (index, line) in capture.lines.enumerated() {
      if case .message(var message) = line, message.sender == .server {
        let isCompared = options.keepsProgress || !Capture.isProgress(message)
        guard arrived.contains(index) || !isCompared else { continue }
        message.text = replaced[index] ?? message.text
        lines.append(.message(message))
      } else {
        lines.append(line)
      }
      lines += (inserted[index] ?? []).map { .message(Capture.Message(.server, $0.text, client: $0.client)) }
    }
    return Capture(lines)
  }
}

private let workingDirectory: String? = getcwd(nil, 0).map { path in
  defer { free(path) }
  return String(cString: path)
}
