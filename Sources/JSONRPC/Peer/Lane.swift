package import Basics

/// What a message is about, as far as it may have to wait: it must not leave before what it shows is durable.
package enum Lane: Sendable, Hashable {
  /// About nothing that is kept.
  case none
  /// About one thing, such as a session.
  case about(ExactString)
  /// About everything.
  case all
}

/// Messages that wait for their lanes, in the order in which they were sent.
///
/// A lane has tickets, counted upwards; a message waits for the last ticket that its lane had given out when it was
/// sent. A message of one lane waits for no other lane.
struct HeldMessages {
  struct Message {
    let text: MessageText
    let slot: BatchSlot?
    /// The request that it answers; nil for a notification.
    let id: RequestID?
  }

  private struct Waiting {
    let message: Message
    let ticket: Int
  }

  private struct Track {
    var given = 0
    var reached = 0
    var waiting: [Waiting] = []
    var next = 0
  }

  private var tracks: [ExactString: Track] = [:]
  /// Messages about everything, each with the tickets that it waits for.
  private var general: [(message: Message, missing: [ExactString: Int])] = []
  private(set) var byteCount = 0

  var isEmpty: Bool { byteCount == 0 }

  /// Notes that a lane has given out a ticket.
  mutating func give(_ ticket: Int, in lane: ExactString) { tracks[lane, default: Track()].given = ticket }

  /// Keeps a message where its lane has a ticket out; false where it may leave.
  mutating func hold(_ message: Message, in lane: Lane) -> Bool {
    switch lane {
    case .none: return false
    case .about(let name):
      guard let track = tracks[name], track.reached < track.given else { return false }
      tracks[name]!.waiting.append(Waiting(message: message, ticket: track.given))
    case .all:
      let missing = tracks.compactMapValues { $0.reached < $0.given ? $0.given : nil }
      guard !missing.isEmpty else { return false }
      general.append((message, missing))
    }
    byteCount += message.text.count
    return true
  }

  /// The messages that may leave now that a lane has come to a ticket.
  mutating func reach(_ ticket: Int, in lane: ExactString) -> [Message] {
    guard var track = tracks.removeValue(forKey: lane) else { return [] }
    track.reached = max(track.reached, ticket)
    var free: [Message] = []
    while track.next < track.waiting.count, track.waiting[track.next].ticket <= track.reached {
      free.append(track.waiting[track.next].message)
      track.next += 1
    }
    if track.next == track.waiting.count { (track.waiting, track.next) = ([], 0) }
    tracks[lane] = track
    free += reachGeneral(ticket, in: lane)
    byteCount -= free.reduce(0) { $0 + $1.text.count }
    return free
  }

  /// Takes all messages of a lane whose tickets out will never be reached.
  mutating func abandon(_ lane: ExactString) -> (abandoned: [Message], free: [Message]) {
    guard var track = tracks.removeValue(forKey: lane) else { return ([], []) }
    let abandoned = track.waiting[track.next...].map(\.message)
    (track.waiting, track.next, track.reached) = ([], 0, track.given)
    tracks[lane] = track
    let free = reachGeneral(track.given, in: lane)
    byteCount -= (abandoned + free).reduce(0) { $0 + $1.text.count }
    return (abandoned, free)
  }

  private mutating func reachGeneral(_ ticket: Int, in lane: ExactString) -> [Message] {
    guard !general.isEmpty else { return [] }
    for index in general.indices where general[index].missing[lane].map({ $0 <= ticket }) ?? false {
      general[index].missing[lane] = nil
    }
    defer { general.removeAll { $0.missing.isEmpty } }
    return general.filter(\.missing.isEmpty).map(\.message)
  }
}
