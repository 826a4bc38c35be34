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

/// How far each lane is: tickets are given out and reached in the order of their numbers.
///
/// All peers of a process share one, so that a client never sees what another changed before that is durable.
package final class LaneTickets {
  private struct Track {
    var given = 0
    var reached = 0
  }

  private var tracks: [ExactString: Track] = [:]

  package init() {}

  /// Notes that a lane has given out a ticket; tickets of a lane count upwards.
  package func give(_ ticket: Int, in lane: ExactString) { tracks[lane, default: Track()].given = ticket }

  func reach(_ ticket: Int, in lane: ExactString) {
    guard let reached = tracks[lane]?.reached else { return }
    tracks[lane]!.reached = max(reached, ticket)
  }

  /// Notes that the tickets of a lane that are out will never be reached.
  ///
  /// - Returns: the last of them.
  func giveUp(_ lane: ExactString) -> Int {
    guard let given = tracks[lane]?.given else { return 0 }
    tracks[lane]!.reached = given
    return given
  }

  /// The last ticket of a lane, where it is still to be reached.
  func missing(in lane: ExactString) -> Int? {
    guard let track = tracks[lane], track.reached < track.given else { return nil }
    return track.given
  }

  /// The last ticket of each lane that is still to be reached. O(lanes).
  var missing: [ExactString: Int] { tracks.compactMapValues { $0.reached < $0.given ? $0.given : nil } }
}

/// Messages of a peer that wait for their lanes, in the order in which they were sent.
///
/// A message waits for the last ticket that its lane had given out when it was sent. A message of one lane waits for no
/// other lane.
struct HeldMessages {
  struct Message {
    let text: MessageText
    let slot: BatchSlot?
    /// The request that it answers; nil for a notification.
    let id: RequestID?
  }

  /// The messages that wait for a lane, from `next` on.
  private struct Queue {
    var waiting: [(message: Message, ticket: Int)] = []
    var next = 0
  }

  private var queues: [ExactString: Queue] = [:]
  /// Messages about everything, each with the tickets that it waits for.
  private var general: [(message: Message, missing: [ExactString: Int])] = []
  private(set) var byteCount = 0

  var isEmpty: Bool { byteCount == 0 }

  /// Keeps a message where its lane has a ticket out; false where it may leave.
  mutating func hold(_ message: Message, in lane: Lane, _ tickets: LaneTickets) -> Bool {
    switch lane {
    case .none: return false
    case .about(let name):
      guard let ticket = tickets.missing(in: name) else { return false }
      queues[name, default: Queue()].waiting.append((message, ticket))
    case .all:
      let missing = tickets.missing
      guard !missing.isEmpty else { return false }
      general.append((message, missing))
    }
    byteCount += message.text.count
    return true
  }

  /// The messages that may leave now that a lane has come to a ticket.
  mutating func reach(_ ticket: Int, in lane: ExactString) -> [Message] {
    var free: [Message] = []
    if var queue = queues.removeValue(forKey: lane) {
      while queue.next < queue.waiting.count, queue.waiting[queue.next].ticket <= ticket {
        free.append(queue.waiting[queue.next].message)
        queue.next += 1
      }
      if queue.next < queue.waiting.count { queues[lane] = queue }
    }
    free += reachGeneral(ticket, in: lane)
    byteCount -= free.reduce(0) { $0 + $1.text.count }
    return free
  }

  /// Takes all messages of a lane whose tickets out, up to `last`, will never be reached.
  mutating func abandon(_ lane: ExactString, last: Int) -> (abandoned: [Message], free: [Message]) {
    let queue = queues.removeValue(forKey: lane) ?? Queue()
    let abandoned = queue.waiting[queue.next...].map(\.message)
    let free = reachGeneral(last, in: lane)
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
