package import JSON

/// A recorded conversation: a text file of comments (`#`), what the client sends (`-->`) and what the server sends
/// (`<--`), one JSON message a line.
package struct Transcript: Sendable {
  package enum Line: Sendable, Equatable {
    case comment(String)
    case sent(String)
    case received(String)
  }

  package var lines: [Line]

  /// Reads the text of a transcript; nil when a line is none of the three.
  package init?(_ text: String) {
    lines = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty || line.hasPrefix("#") {
        lines.append(.comment(String(line)))
      } else if line.hasPrefix("--> ") {
        lines.append(.sent(String(line.dropFirst(4))))
      } else if line.hasPrefix("<-- ") {
        lines.append(.received(String(line.dropFirst(4))))
      } else {
        return nil
      }
    }
    if lines.last == .comment("") { lines.removeLast() }
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
