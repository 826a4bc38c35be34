internal import Basics

/// Watts for many consumers under nested caps, so that their rates are worth most together.
///
/// *Problem.* Consumer i draws `x_i` watts and then has the rate `R_i(x_i)`, which is worth `v_i R_i(x_i)`; `R_i` is
/// the inverse of a ``PowerCurve``, so it is concave and piecewise linear. For each group `g`, `sum x_i <= cap_g` over
/// the consumers within it; the whole has the budget `B`. Maximise `sum v_i R_i(x_i)`. Lost rate is what is missing to
/// all at their fastest, so this is the least lost rate.
///
/// *Why greedy is exact.* Let `V_g(x)` be the most that consumers within `g` are worth when they draw `x` together. By
/// induction from the inside out every `V_g` is concave: before its own cap it is the largest of `sum V_k(x_k)` over
/// `sum x_k = x`, for the groups and consumers `k` just inside, and that lays their straight pieces end to end, the
/// steepest first; the cap then cuts off its end, which leaves it concave. So at any price per watt a group demands
/// what those inside demand at that price, but no more than its cap. Demand falls as the price rises, and the price at
/// which the whole demands `B` is found by bisection over the slopes that occur. Pieces with exactly that slope are
/// taken in part. A group whose cap binds has a higher price inside, found in the same way.
/// The prices prove it: each consumer is worth most, less what its watts cost at the price around it, and a group whose
/// price is above that of the group around it draws its cap. These are the conditions of Karush, Kuhn and Tucker.
///
/// *Counting.* Consumers that are alike are one entry with a count: all but one of them stand at one of two corners.
///
/// *Complexity.* O(depth log(slopes) sum over entries of log(corners)) for a budget; n slopes are sorted once.
///
/// *Limits.* A consumer is in one group. What is spread over several groups (lockstep across racks, ranks across nodes)
/// couples them, and greedy is exact no longer: ``PlanAllocation`` keeps those caps, ``PartPrices`` brings them into
/// the bound.
///
/// Sources: Ibaraki and Katoh 1988, *Resource Allocation Problems*, chapter 9 (nested constraints); Hochbaum 1994,
/// 10.1287/moor.19.2.390 (greedy under submodular constraints).
public struct WattAllocation: Sendable {
  public struct Consumer: Sendable {
    /// Index of its curve.
    public let curve: Int
    /// What one iteration a second of it is worth; positive.
    public let worth: Double
    /// How many there are of it, each with a rate of its own.
    public let count: Int
    public let group: Int
    /// What each watt of it costs elsewhere, in the same unit: what it is worth is less by that.
    public let costPerWatt: Double

    public init(curve: Int, worth: Double, count: Int, group: Int, costPerWatt: Double = 0) {
      (self.curve, self.worth, self.count, self.group) = (curve, worth, count, group)
      self.costPerWatt = costPerWatt
    }
  }

  /// Some of a consumer's copies, and what each of them draws.
  public struct Share: Sendable, Equatable {
    public let powerWatts: Double
    public let count: Int
  }

  private let groups: PowerGroups
  /// By group, so that those of a group and of the groups within it lie side by side.
  private let entries: [Entry]
  /// For each group, and the end, its first entry.
  private let firstEntry: [Int]
  private let kinds: [WorthCurve]
  /// The slopes that occur: what a watt is worth, falling. Level n takes the pieces of the first n.
  private let slopes: [Double]

  private struct Entry {
    let consumer: Int
    let kind: Int
    let count: Double
  }

  public init(_ consumers: [Consumer], curves: [PowerCurve], in groups: PowerGroups) {
    self.groups = groups
    struct Key: Hashable {
      let curve: Int
      let worth: Double
      let costPerWatt: Double
    }
    var kindOfKey: [Key: Int] = [:]
    var kinds: [WorthCurve] = []
    var entries: [(group: Int, entry: Entry)] = []
    for (index, consumer) in consumers.enumerated() {
      let key = Key(curve: consumer.curve, worth: consumer.worth, costPerWatt: consumer.costPerWatt)
      let kind = kindOfKey[key] ?? kinds.count
      if kind == kinds.count {
        kindOfKey[key] = kind
        kinds.append(
          WorthCurve(curves[consumer.curve], worth: consumer.worth, costPerWatt: consumer.costPerWatt))
      }
      entries.append((consumer.group, Entry(consumer: index, kind: kind, count: Double(consumer.count))))
    }
    entries.sort { ($0.group, $0.entry.consumer) < ($1.group, $1.entry.consumer) }
    firstEntry = (0...groups.count).map { group in entries.partitioningIndex { $0.group >= group } }
    self.entries = entries.map(\.entry)
    self.kinds = kinds
    slopes = Set(kinds.flatMap(\.slopes)).sorted(by: >)
  }

  /// The least power that each group can draw, that of the whole first. O(entries + groups).
  public var leastPowersWatts: [Double] {
    var demands = [Double](repeating: 0, count: groups.count)
    demand(level: 0, of: 0, into: &demands, capped: false)
    return demands
  }

  /// The shares of a budget, for each consumer those of its copies by falling power.
  ///
  /// The budget and each cap must allow the least power of their group; where they do not, all there draw the least.
  public func shares(ofBudgetWatts budget: Double) -> [[Share]] { solution(ofBudgetWatts: budget).shares }

  /// The shares, and for each group what one watt more would be worth there.
  func solution(ofBudgetWatts budget: Double) -> (shares: [[Share]], prices: [Double]) {
    var prices = [Double](repeating: 0, count: groups.count)
    var shares = [[Share]](repeating: [], count: entries.count)
    /// What each group draws in all; known for those around before those within.
    var allotted = [Double](repeating: 0, count: groups.count)
    allotted[0] = budget
    var (below, above) = (allotted, allotted)
    for group in 0..<groups.count {
      let level = level(of: group, within: allotted[group], &below)
      prices[group] = level < slopes.count ? slopes[level] : 0
      demand(level: level, of: group, into: &below)
      demand(level: min(level + 1, slopes.count), of: group, into: &above)
      var left = max(0, allotted[group] - below[group])
      let (slope, next) = (slope(ofLevel: level), slope(ofLevel: min(level + 1, slopes.count)))
      for entry in entries[firstEntry[group]..<firstEntry[group + 1]] {
        let (low, high) = (
          kinds[entry.kind].powerWatts(takingSlopesFrom: slope), kinds[entry.kind].powerWatts(takingSlopesFrom: next)
        )
        let given = min(left, entry.count * (high - low))
        left -= given
        shares[entry.consumer] = Self.shares(of: given, from: low, to: high, count: Int(entry.count))
      }
      var inner = group + 1
      while inner < groups.ends[group] {
        let given = min(left, above[inner] - below[inner])
        left -= given
        allotted[inner] = below[inner] + given
        inner = groups.ends[inner]
      }
    }
    return (shares, prices)
  }

  /// As many copies as can be move from a low power to a high one, one more on the way, until the watts are given out.
  private static func shares(of watts: Double, from low: Double, to high: Double, count: Int) -> [Share] {
    guard watts > 0, high > low else { return [Share(powerWatts: low, count: count)] }
    // A sum that is a whole number of moves but for rounding is that number.
    let moved = min(count, Int((watts / (high - low) * (1 + 1e-12)).rounded(.down)))
    let rest = moved < count ? watts - Double(moved) * (high - low) : 0
    var shares: [Share] = []
    if moved > 0 { shares.append(Share(powerWatts: high, count: moved)) }
    if rest > 0 { shares.append(Share(powerWatts: low + rest, count: 1)) }
    let left = count - moved - (rest > 0 ? 1 : 0)
    if left > 0 { shares.append(Share(powerWatts: low, count: left)) }
    return shares
  }

  /// The greatest level at which a group, its own cap apart, demands no more than given.
  private func level(of group: Int, within watts: Double, _ scratch: inout [Double]) -> Int {
    (0..<slopes.count).partitioningIndex { level in
      demand(level: level + 1, of: group, into: &scratch)
      return scratch[group] > watts
    }
  }

  /// The least slope whose pieces are taken at a level.
  private func slope(ofLevel level: Int) -> Double { level == 0 ? .infinity : slopes[level - 1] }

  /// What a group and all within it demand at a level: the group itself without its cap, the others at most theirs.
  private func demand(level: Int, of group: Int, into demands: inout [Double], capped: Bool = true) {
    let slope = slope(ofLevel: level)
    for inner in (group..<groups.ends[group]).reversed() {
      var watts = 0.0
      for entry in entries[firstEntry[inner]..<firstEntry[inner + 1]] {
        watts += entry.count * kinds[entry.kind].powerWatts(takingSlopesFrom: slope)
      }
      var within = inner + 1
      while within < groups.ends[inner] {
        watts += demands[within]
        within = groups.ends[within]
      }
      demands[inner] = inner == group || !capped ? watts : min(watts, groups.capsWatts[inner])
    }
  }
}
