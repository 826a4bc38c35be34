package import JSON

/// A ``Capture`` of one client, played against a server in this process.
package struct Transcript: Sendable {
  package enum Line: Sendable, Equatable {
    case comment(String)
    case sent(String)
    case received(String)
  }

  package var lines: [Line]

  /// Reads the text of a capture; nil where it is none, or not of one client without a name.
  package init?(_ text: String) {
    guard let capture = try? Capture(text), capture.clients.allSatisfy(\.isEmpty) else { return nil }
    lines = capture.lines.map { line in
      switch line {
      case .message(let message): message.sender == .client ? .sent(message.text) : .received(message.text)
      case .comment, .setting: .comment(Capture.text(of: line))
      }
    }
  }

  /// The file's text.
  package var text: String {
    lines.map { line in
      switch line {
      case .comment(let text): text
      case .sent(let text): "--> " + text
      case .received(let text): "<-- " + text
      }
    }.joined(separator: "\n") + "\n"
  }

  /// The same transcript with the server's present messages in place of the recorded ones.
  package func replayed(on client: LocalClient = LocalClient()) -> Transcript {
    var replayed = self
    replayed.lines = []
    for line in lines {
      switch line {
      case .comment: replayed.lines.append(line)
      case .received: continue
      case .sent(let text):
        replayed.lines.append(line)
        replayed.lines += client.send(text).map(Line.received)
      }
    }
    return replayed
  }

  /// How what the server sends now differs from what was recorded, by the rules of every replay.
  package func findings(on client: LocalClient = LocalClient()) throws -> [Expectations.Finding] {
    let capture = try Capture(text)
    var expectations = Expectations(capture, Comparison(masks: capture.masks), keepsProgress: true)
    for (index, line) in lines.enumerated() {
      guard case .sent(let text) = line else { continue }
      if !expectations.hasAll(before: index) { break }
      for message in client.send(text) { expectations.take(message, from: "") }
    }
    expectations.finish("nothing")
    return expectations.findings.filter { !$0.differences.isEmpty }
  }

  /// Each request with the messages that followed it up to the next one.
  package var exchanges: [(sent: JSON, received: [JSON])] {
    var exchanges: [(sent: JSON, received: [JSON])] = []
    for line in lines {
      switch line {
      case .sent(let text): exchanges.append(((try? JSON.parse(text)) ?? .string(text), []))
      case .received(let text): exchanges[exchanges.count - 1].received.append((try? JSON.parse(text)) ?? .null)
      case .comment: continue
      }
    }
    return exchanges
  }
}
