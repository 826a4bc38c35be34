/// What draws power together and has a cap: nodes within racks within rooms, or any other groups, each of which is
/// inside another as a whole or apart from it (a laminar family). The whole contains all of them.
public struct PowerGroups: Sendable, Equatable {
  /// Groups within groups within ... the whole.
  public static let greatestDepth = 16

  /// Groups are numbered so that those within a group follow it at once: 0 is the whole.
  public let capsWatts: [Double]
  /// The group around each; the whole is around itself.
  public let parents: [Int]
  /// For each group the first one after it that is not within it.
  public let ends: [Int]

  /// No group but the whole.
  public init() { (capsWatts, parents, ends) = ([.infinity], [0], [1]) }

  /// Renumbers the groups.
  ///
  /// - Parameters:
  ///   - capsWatts: one for each group but the whole.
  ///   - within: for each the one around it; nil where that is the whole.
  /// - Returns: nil where groups are within themselves, or deeper than ``greatestDepth``; `numbers` has the new number
  ///   of each. O(groups).
  public static func numbered(
    capsWatts: [Double], within: [Int?]
  ) -> (groups: PowerGroups, numbers: [Int])? {
    var inner = [[Int]](repeating: [], count: capsWatts.count + 1)
    for (group, outer) in within.enumerated() { inner[outer.map { $0 + 1 } ?? 0].append(group + 1) }
    var order: [(group: Int, parent: Int, depth: Int)] = []
    var open = [(group: 0, parent: 0, depth: 0)]
    while let next = open.popLast() {
      guard next.depth <= greatestDepth else { return nil }
      for group in inner[next.group].reversed() { open.append((group, order.count, next.depth + 1)) }
      order.append(next)
    }
    // What is within itself is never reached from the whole.
    guard order.count == capsWatts.count + 1 else { return nil }
    var numbers = [Int](repeating: 0, count: order.count)
    var ends = Array(1...order.count)
    for number in order.indices.reversed() {
      numbers[order[number].group] = number
      if number > 0 { ends[order[number].parent] = max(ends[order[number].parent], ends[number]) }
    }
    let groups = PowerGroups(
      capsWatts: order.map { $0.group == 0 ? .infinity : capsWatts[$0.group - 1] }, parents: order.map(\.parent),
      ends: ends)
    return (groups, Array(numbers.dropFirst()))
  }

  private init(capsWatts: [Double], parents: [Int], ends: [Int]) {
    (self.capsWatts, self.parents, self.ends) = (capsWatts, parents, ends)
  }

  public var count: Int { capsWatts.count }

  /// Whether a group is another, or within it.
  public func isWithin(_ group: Int, _ outer: Int) -> Bool { group >= outer && group < ends[outer] }

  /// Calls `body` with a group and those around it, up to the whole.
  func forEach(from group: Int, _ body: (Int) -> Void) {
    var group = group
    body(group)
    while group != 0 {
      group = parents[group]
      body(group)
    }
  }

  /// The smallest group that contains all of the given ones. O(count depth).
  public func smallest(containing groups: some Sequence<Int>) -> Int {
    groups.reduce(nil as Int?) { common, group in
      guard var common else { return group }
      while !isWithin(group, common) { common = parents[common] }
      return common
    } ?? 0
  }
}
