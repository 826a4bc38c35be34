internal import Basics

/// Prices of watts in groups that hold parts of jobs, which ``WattAllocation`` does not know.
///
/// *Bound.* A part that draws the share `s` of its job's power pays `q_g s` for each watt of the job, where `q_g >= 0`
/// is the price in its group. Whatever the prices are, no choice of rates is worth more than the jobs are at best after
/// they have paid, plus `sum q_g cap_g`: rates that keep the caps pay no more than that together (Lagrangian
/// relaxation; Geoffrion 1974, 10.1007/BFb0120690). Jobs wholly within such a group pay with the share 1.
///
/// *Search.* First one price after the other is raised or lowered until the parts in its group just keep its cap, by
/// bisection of what the jobs there draw at the prices around them. That climbs along one coordinate at a time, and a
/// piecewise linear function may hold all coordinates at a corner that is not its best one. So steps along the gradient
/// follow: a price rises by what its group draws above the cap, as far as the gap between bound and plans says (Polyak
/// 1969, 10.1016/0041-5553(69)90061-5). Either only makes the bound better or worse, never wrong.
///
/// O(sweeps sum over parts of 50 log(corners)), and O(parts) for a step.
struct PartPrices {
  /// A group with parts.
  private struct Row {
    let capWatts: Double
    /// Jobs there, and the share of the power of each copy that they draw there.
    let members: [(job: Int, share: Double, count: Double)]
  }

  private let rows: [Row]
  /// For each job the rows of its parts and its share there.
  private let shares: [[(row: Int, share: Double)]]
  private let curves: [WorthCurve?]
  private var prices: [Double]

  private static let sweepCount = 6

  /// - Parameter curves: for each job what no plans beat.
  /// - Returns: nil where no part has a share.
  init?(_ problem: PowerProblem, curves: [PowerCurve]) {
    var caps = problem.groups.capsWatts
    var members: [Int: [(job: Int, share: Double)]] = [:]
    for (index, job) in problem.jobs.enumerated() {
      for part in job.parts {
        problem.forEachGroup(of: part, job) { group in
          guard caps[group] < .infinity else { return }
          if let share = part.share {
            members[group, default: []].append((index, share))
          } else {
            // What has no share is taken off the cap at its least.
            caps[group] -= Double(job.count) * (part.bound?.leastPower.powerWatts ?? 0)
          }
        }
      }
    }
    guard !members.isEmpty else { return nil }
    // What is wholly within such a group pays there too.
    for (index, job) in problem.jobs.enumerated() {
      problem.groups.forEach(from: job.group) { members[$0]?.append((index, 1)) }
    }
    var (rows, shares) = ([Row](), problem.jobs.map { _ in [(row: Int, share: Double)]() })
    for (group, parts) in members.sorted(by: { $0.key < $1.key }) {
      for part in parts { shares[part.job].append((rows.count, part.share)) }
      rows.append(
        Row(
          capWatts: max(0, caps[group]),
          members: parts.map { ($0.job, $0.share, Double(problem.jobs[$0.job].count)) }))
    }
    (self.rows, self.shares, prices) = (rows, shares, rows.map { _ in 0 })
    self.curves = problem.jobs.indices.map {
      shares[$0].isEmpty ? nil : WorthCurve(curves[$0], worth: problem.worth($0), costPerWatt: 0)
    }
  }

  /// What each watt of each job costs it.
  var costsPerWatt: [Double] { shares.map { $0.reduce(0) { $0 + prices[$1.row] * $1.share } } }

  /// What the caps are worth at the prices.
  var capsWorth: Double { zip(rows, prices).reduce(0) { $0 + $1.0.capWatts * $1.1 } }

  /// Finds prices, where a watt of each job also costs what it does around the job.
  mutating func search(costsAround: [Double]) {
    var costs = zip(costsPerWatt, costsAround).map { $0 + $1 }
    for _ in 0..<Self.sweepCount {
      for (index, row) in rows.enumerated() {
        for (job, share, _) in row.members { costs[job] -= prices[index] * share }
        prices[index] = price(row, costs)
        for (job, share, _) in row.members { costs[job] += prices[index] * share }
      }
    }
  }

  /// A step along the gradient, where the bound is `missing` below what it might be.
  ///
  /// - Parameter powersWatts: for each job what all its copies draw at these prices.
  mutating func step(missing: Double, powersWatts: [Double]) {
    let gradient = zip(rows, prices).map { row, price in
      let excess = row.members.reduce(-row.capWatts) { $0 + $1.share * powersWatts[$1.job] }
      // A price of 0 falls no further.
      return price == 0 ? max(0, excess) : excess
    }
    let square = gradient.reduce(0) { $0 + $1 * $1 }
    guard square > 0 else { return }
    for row in rows.indices { prices[row] = max(0, prices[row] + missing * gradient[row] / square) }
  }

  /// The least price at which the parts in a group keep its cap, where the jobs have other costs.
  private func price(_ row: Row, _ costs: [Double]) -> Double {
    func watts(_ price: Double) -> Double {
      row.members.reduce(0) { sum, member in
        let slope = costs[member.job] + price * member.share
        return sum + member.count * member.share * (curves[member.job]?.powerWatts(takingSlopesFrom: slope) ?? 0)
      }
    }
    guard watts(0) > row.capWatts else { return 0 }
    // Above this all draw their least.
    let highest = row.members.reduce(0) { max($0, (curves[$1.job]?.slopes.first ?? 0) / $1.share) }
    var (low, high) = (0.0, 2 * highest)
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if watts(middle) > row.capWatts { low = middle } else { high = middle }
    }
    return high
  }
}
