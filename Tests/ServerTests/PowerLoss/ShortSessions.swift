import Basics
import JSON
import Sessions
import TestSupport
import Transcripts

/// Sessions that one client opens, changes and closes, one after another: their journals get another name again and
/// again, which a power loss may forget.
struct ShortSessions {
  /// What is done with each session, in this order.
  private enum Phase: Int {
    case none, opened, changed, closed
  }

  private var number = 1
  /// What of the session at hand was acknowledged, and what was asked for.
  private var (acknowledged, asked) = (Phase.none, Phase.none)

  /// Those whose close was refused, though their journals were put aside: a power loss may bring them back.
  private var refused: Set<String> = []

  private var name: String { "short\(number)" }
  var isWaiting: Bool { asked != acknowledged && !hasFailed }
  /// Whether the storage failed, so that the session is to be opened again.
  private(set) var hasFailed = false

  /// The next request.
  mutating func next() -> String {
    asked = Phase(rawValue: acknowledged.rawValue + 1)!
    return switch asked {
    case .none, .opened: Conversation.request("session/open", #"{"session":"\#(name)"}"#, id: 1)
    case .changed: Conversation.request("gpu/register", #"{"session":"\#(name)","gpus":[{"id":"g"}]}"#, id: 2)
    case .closed: Conversation.request("session/close", #"{"session":"\#(name)"}"#, id: 3)
    }
  }

  /// Takes the answer to the last request.
  ///
  /// - Returns: what is wrong with it; nil where nothing is.
  mutating func take(_ answer: String) -> String? {
    hasFailed = answer.contains(#""storageFailed""#)
    if hasFailed { return nil }
    guard answer.contains(#""result""#) else { return "\(name), after \(acknowledged): \(answer)" }
    acknowledged = asked
    if acknowledged == .closed { (number, acknowledged, asked) = (number + 1, .none, .none) }
    return nil
  }

  /// Finds out what a restart left of the session at hand; nothing may be left of those before.
  ///
  /// - Returns: what is wrong; nil where nothing is.
  mutating func recover(_ client: LocalClient, _ commits: HeldWork) -> String? {
    let list = Conversation.answer(in: client.send(Conversation.request("session/list", "{}", id: 4))) ?? "no answer"
    guard let stored = (try? JSON.parse(list))?["result"]?["stored"]?.arrayValue else { return "a list: \(list)" }
    let names = stored.compactMap { $0.stringValue?.text }.filter { $0.hasPrefix("short") && !refused.contains($0) }
    if names.contains(where: { $0 != name }) { return "\(name) is at hand, and there are \(names)" }
    let wasRefused = hasFailed
    hasFailed = false
    if names.isEmpty {
      if acknowledged != .none, asked != .closed { return "\(name) is lost after \(acknowledged)" }
      if asked == .closed {
        if wasRefused { refused.insert(name) }
        number += 1
      }
      (acknowledged, asked) = (.none, .none)
      return nil
    }
    if asked == .none { return "\(name) is there, and was never asked for" }
    let request = Conversation.request("session/open", #"{"session":"\#(name)"}"#, id: 5)
    var lines = client.send(request)
    // A journal that has no whole record, or that ends, makes room for a new session.
    commits.run()
    lines += client.received()
    let answer = Conversation.answer(in: lines) ?? "no answer"
    hasFailed = answer.contains(#""storageFailed""#)
    if hasFailed { return nil }
    if answer.contains(#""resumed":false"#), acknowledged == .none || asked == .closed {
      (acknowledged, asked) = (.opened, .opened)
      return nil
    }
    guard answer.contains(#""resumed":true"#) else {
      return "\(name) is not opened again after \(acknowledged): \(answer)"
    }
    let revision = client.sessions.revision(of: name) ?? 0
    let found = revision == 0 ? Phase.opened : .changed
    let last = asked == .closed ? Phase.changed : asked
    if found.rawValue < acknowledged.rawValue || found.rawValue > last.rawValue {
      return "\(name) is found \(found) after \(acknowledged) and \(asked)"
    }
    (acknowledged, asked) = (found, found)
    return nil
  }
}
