/// Losses of trials, by node and by candidate: a node that loses every trial is avoided, and so is a candidate that
/// kills the nodes it runs on.
///
/// A loss counts unless the trial left a new checkpoint behind, so preempted workers that make progress are not
/// punished. A node that lost two or more trials in a row waits for ``backOffSeconds(streak:)`` of session time.
/// Without session time, because no client reports `elapsedSeconds`, it is set aside after ``limit`` losses in a row
/// until one of its GPUs is registered again.
struct LossTable: Sendable {
  /// Losses in a row of a node, and different nodes that lost a candidate, at which either is set aside.
  static let limit = 3
  /// Losses in all after which a candidate is set aside though fewer nodes had it.
  private static let totalLimit = 6

  private struct Node: Sendable {
    var streak = 0
    var lastSeconds = 0.0
  }

  private var nodes: [String: Node] = [:]
  /// For each candidate the losses on each node.
  private var losses: [Int: [String: Int]] = [:]

  /// The nodes that lost trials of the candidate. O(1) for a candidate without losses.
  func nodes(thatLost candidate: Int) -> Set<String> {
    guard !losses.isEmpty, let known = losses[candidate] else { return [] }
    return Set(known.keys)
  }

  /// Records a loss.
  ///
  /// - Returns: whether the candidate is to be set aside.
  mutating func record(_ candidate: Int, on node: String, at seconds: Double) -> Bool {
    nodes[node, default: Node()].streak += 1
    nodes[node]!.lastSeconds = seconds
    losses[candidate, default: [:]][node, default: 0] += 1
    let known = losses[candidate]!
    return known.count >= Self.limit || known.values.reduce(0, +) >= Self.totalLimit
  }

  /// Records that a node ended a trial otherwise, or was registered again.
  mutating func clear(_ node: String) { nodes[node] = nil }

  /// Until when a node gets no trial; infinite without session time, nil when it may have one.
  func blockedUntil(_ node: String, now: Double) -> Double? {
    guard let known = nodes[node], known.streak >= 2 else { return nil }
    guard now > 0 else { return known.streak >= Self.limit ? .infinity : nil }
    let end = known.lastSeconds + Self.backOffSeconds(streak: known.streak)
    return end > now ? end : nil
  }

  /// One minute after two losses in a row, doubled with each further one, at most an hour.
  static func backOffSeconds(streak: Int) -> Double {
    var seconds = 60.0
    for _ in 2..<max(2, min(streak, 10)) { seconds *= 2 }
    return min(seconds, 3600)
  }

  /// The nodes that lost at least two trials in a row.
  var suspects: [String] { nodes.filter { $0.value.streak >= 2 }.keys.sorted() }
}
