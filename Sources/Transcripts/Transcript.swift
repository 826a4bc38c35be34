package import Basics
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
    guard let capture = try? Capture(text), capture.clients.allSatisfy({ $0 == "" }) else { return nil }
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

  /// What one client of a capture sent and received.
  package init(of capture: Capture, client: ExactString) {
    lines = capture.messages.filter { $0.client == client }.map {
      $0.sender == .client ? .sent($0.text) : .received($0.text)
    }
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

  /// The exchanges with batches taken apart: each request of a batch with its own answer. `whole` is the exchange that
  /// the request is a part of.
  package var requests: [(sent: JSON, received: [JSON], whole: (sent: JSON, received: [JSON]))] {
    exchanges.flatMap { whole -> [(sent: JSON, received: [JSON], whole: (sent: JSON, received: [JSON]))] in
      guard let parts = whole.sent.arrayValue, !parts.isEmpty else { return [(whole.sent, whole.received, whole)] }
      let received = whole.received.flatMap { $0.arrayValue ?? [$0] }
      return parts.enumerated().map { index, sent in
        let others = parts.compactMap { $0["id"] }.filter { $0 != sent["id"] }
        // What answers no request, such as a push, is with the first.
        let own = received.filter { message in
          guard let id = message["id"], message["method"] == nil else { return index == 0 }
          return id == sent["id"] || (index == 0 && !others.contains(id))
        }
        return (sent, own, whole)
      }
    }
  }
}
