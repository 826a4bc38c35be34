internal import Basics

/// What waits for a session that a request is using beside the loop, in the order in which it came.
///
/// A request that would hold the loop for long works on a copy of its session on a thread. Meanwhile the session is
/// *occupied*: whatever else names it waits here, and everything else goes on.
struct SessionLanes {
  private struct Lane {
    var waiting: [() -> Void] = []
    /// Index of the first that still waits.
    var next = 0
    /// Whether a request uses the session now; else what waits is being let go on.
    var isInUse = true
  }

  private var lanes: [ExactString: Lane] = [:]
  /// Called when no session is occupied any more.
  private var whenAllAreFree: [() -> Void] = []

  var isAnyOccupied: Bool { !lanes.isEmpty }

  func isOccupied(_ session: String) -> Bool { lanes[ExactString(session)] != nil }

  /// How many actions wait for a session.
  func waitingCount(_ session: String) -> Int { lanes[ExactString(session)].map { $0.waiting.count - $0.next } ?? 0 }

  /// Whether a request uses the session now.
  func isInUse(_ session: String) -> Bool { lanes[ExactString(session)]?.isInUse ?? false }

  mutating func occupy(_ session: String) { lanes[ExactString(session), default: Lane()].isInUse = true }

  /// Notes that the user of a session is done; what waits for it goes on with ``next(_:)``.
  mutating func endUse(_ session: String) { lanes[ExactString(session)]?.isInUse = false }

  /// Has `action` wait for a session, which must be occupied.
  mutating func wait(_ session: String, _ action: @escaping () -> Void) {
    lanes[ExactString(session)]!.waiting.append(action)
  }

  /// Has `action` wait until no session is occupied.
  mutating func waitForAll(_ action: @escaping () -> Void) { whenAllAreFree.append(action) }

  /// The next action that waits for a session whose user is done; nil when there is none, and then the session is free.
  mutating func next(_ session: String) -> (() -> Void)? {
    guard var lane = lanes.removeValue(forKey: ExactString(session)), lane.next < lane.waiting.count else { return nil }
    let action = lane.waiting[lane.next]
    lane.waiting[lane.next] = {}
    lane.next += 1
    lane.isInUse = false
    lanes[ExactString(session)] = lane
    return action
  }

  /// The actions that waited for all sessions, once none is occupied.
  mutating func takeThoseForAll() -> [() -> Void] {
    guard lanes.isEmpty else { return [] }
    defer { whenAllAreFree = [] }
    return whenAllAreFree
  }
}
