internal import Basics
internal import Sessions

/// What was pushed about a session lately, for clients that were away or that a new owner serves.
///
/// Each group is kept for itself, so that frequent pushes of one do not displace the rare ones of another.
struct PushHistory: Sendable {
  /// An event that is pushed; `number` counts all of them.
  private struct Entry {
    let number: Int
    let revision: Int
    let event: SessionEvent
  }

  private struct Group {
    var entries: [Entry] = []
    /// Those before this one are forgotten.
    var first = 0
    /// Messages that the entries stand for.
    var count = 0
    /// Everything of later revisions is there.
    var forgottenRevision = -1

    mutating func forget(over limit: Int) {
      while count > limit, first < entries.count - 1 {
        count -= entries[first].event.push?.count ?? 0
        forgottenRevision = entries[first].revision
        first += 1
      }
      if first > 1000, 2 * first > entries.count {
        entries.removeFirst(first)
        first = 0
      }
    }
  }

  /// The most messages that are kept of a group, beside those of its last event.
  static let limit = 4096

  private var groups = PushGroup.allCases.map { _ in Group() }
  private var lastNumber = 0
  /// Nil keeps everything.
  private let limit: Int?
  private let choice: PushChoice

  /// - Parameters:
  ///   - begin: what happened before is not there.
  ///   - choice: what is kept.
  init(
    from begin: PushPosition = PushPosition(revision: 0), of choice: PushChoice = PushChoice(PushGroup.allCases),
    limit: Int? = PushHistory.limit
  ) {
    (self.choice, self.limit) = (choice, limit)
    for place in groups.indices { groups[place].forgottenRevision = begin.revision - 1 }
  }

  /// Adds an event, if it is pushed.
  ///
  /// - Parameter isPinned: whether nothing may be forgotten now, as a client is still catching up.
  mutating func append(_ event: SessionEvent, isPinned: Bool = false) {
    guard let push = event.push, choice.contains(push.group), let place = PushGroup.allCases.firstIndex(of: push.group),
      push.revision > groups[place].forgottenRevision
    else { return }
    lastNumber += 1
    groups[place].entries.append(Entry(number: lastNumber, revision: push.revision, event: event))
    groups[place].count += push.count
    if let limit, !isPinned { groups[place].forget(over: limit) }
  }

  /// The oldest position from which everything of a choice is there.
  func oldest(of choice: PushChoice) -> PushPosition {
    PushPosition(revision: 1 + (chosen(choice).map(\.forgottenRevision).max() ?? -1))
  }

  /// The first events that a client at a position of it has not got, in order: enough for `messageCount` messages. Of
  /// the first, it may have got some messages. O(log events + messages).
  func events(from position: PushPosition, of choice: PushChoice, messageCount: Int) -> [SessionEvent] {
    var found: [Entry] = []
    for group in chosen(choice) {
      var count = 0
      let entries = group.entries[group.first...]
      let begin = entries.partitioningIndex { $0.revision >= position.revision }
      // Those that the client has got of the first revision come on top.
      for entry in entries[begin...] where count < messageCount + position.count {
        found.append(entry)
        count += entry.event.push?.count ?? 0
      }
    }
    found.sort { $0.number < $1.number }
    return found.map(\.event)
  }

  private func chosen(_ choice: PushChoice) -> [Group] {
    zip(PushGroup.allCases, groups).filter { choice.contains($0.0) }.map(\.1)
  }
}
