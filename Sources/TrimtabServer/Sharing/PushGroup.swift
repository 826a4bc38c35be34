internal import JSON
internal import JSONRPC
internal import Sessions

/// Pushes about a session that a client chooses together.
package enum PushGroup: String, CaseIterable, FieldValue {
  case suggestion, trials, search, cost, frontier, plans
}

/// The groups that a client has chosen.
struct PushChoice: OptionSet, Sendable {
  let rawValue: UInt8

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ groups: [PushGroup]) {
    self = groups.reduce(into: []) { choice, group in
      if let bit = PushGroup.allCases.firstIndex(of: group) { choice.insert(PushChoice(rawValue: 1 << UInt8(bit))) }
    }
  }

  /// What a client gets that has opened a session and chosen nothing.
  static let unchosen = PushChoice([.suggestion, .frontier, .plans])

  var groups: [PushGroup] { PushGroup.allCases.filter(contains) }

  func contains(_ group: PushGroup) -> Bool {
    rawValue & PushChoice([group]).rawValue != 0
  }
}

/// How far a client has come in the pushes about a session: it has those before `revision`, and of those of `revision`
/// the first `count`. Pushes come in the order of their revisions, and after a recovery in the same order.
struct PushPosition: Sendable, Equatable {
  var revision: Int
  var count = 0

  /// Of a client that has everything up to a revision.
  static func after(_ revision: Int) -> PushPosition { PushPosition(revision: revision + 1) }

  /// Notes that one more push was sent.
  mutating func pass(_ revision: Int) {
    (self.revision, count) = (revision, revision == self.revision ? count + 1 : 1)
  }
}

/// Takes pushes one by one.
protocol PushReceiver {
  mutating func take(_ push: some Notification, _ group: PushGroup, revision: Int)
}

extension SessionEvent {
  /// What is pushed of the event: its group, its revision, and in how many messages. Nil where nothing is.
  var push: (group: PushGroup, revision: Int, count: Int)? {
    switch self {
    case .frontierChanged(let change): (.frontier, change.revision, 1)
    case .leaderChanged(let change): (.suggestion, change.revision, 1)
    case .trialAssigned(let assigned): (.trials, assigned.revision, 1)
    case .trialEnded(let ended): (.trials, ended.revision, 1)
    case .searchFinished(let finished): (.search, finished.revision, 1)
    case .costChanged(let change): (.cost, change.revision, 1)
    case .plansChanged(let changes):
      changes.changes.isEmpty ? nil : (.plans, changes.revision, changes.changes.count)
    case .inputsChanged: nil
    }
  }

  /// Passes what is pushed of the event to a receiver.
  func pass(to receiver: inout some PushReceiver) {
    switch self {
    case .frontierChanged(let change): receiver.take(change, .frontier, revision: change.revision)
    case .leaderChanged(let change): receiver.take(change, .suggestion, revision: change.revision)
    case .trialAssigned(let assigned): receiver.take(assigned, .trials, revision: assigned.revision)
    case .trialEnded(let ended): receiver.take(ended, .trials, revision: ended.revision)
    case .searchFinished(let finished): receiver.take(finished, .search, revision: finished.revision)
    case .costChanged(let change): receiver.take(change, .cost, revision: change.revision)
    case .plansChanged(let changes): changes.each { receiver.take($0, .plans, revision: $0.revision) }
    case .inputsChanged: break
    }
  }
}
