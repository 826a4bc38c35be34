import Basics
import Testing

@testable import EnergyFrontier

/// Plans of iterations that take turns, against every combination of plans and against the bound's definition.
@Suite struct IterationMixTests {
  private static func kinds(_ seed: UInt64, count: Int) throws -> [(weight: Double, frontier: Frontier)] {
    var random = SplitMix64(seed: seed)
    return try (0..<count).map { index in
      (
        Double.random(in: 0.1...5, using: &random),
        try Frontier(of: ProblemSketch.random(seed: seed &* 31 &+ UInt64(index)).problem())
      )
    }
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func everyCombinationIsConsidered(seed: UInt64) throws {
    let kinds = try Self.kinds(seed, count: 1 + Int(seed % 3))
    let total = kinds.reduce(0) { $0 + $1.weight }
    // Below this size nothing is left out.
    guard kinds.reduce(1, { $0 * $1.frontier.plans.count }) <= IterationMix.exactPointCount else { return }
    var all: [(seconds: Double, joules: Double)] = [(0, 0)]
    for kind in kinds {
      all = all.flatMap { sum in
        kind.frontier.plans.map {
          (
            sum.seconds + kind.weight / total * $0.iterationTimeSeconds,
            sum.joules + kind.weight / total * $0.energyJoules
          )
        }
      }
    }
    let mix = IterationMix(kinds)
    for share in stride(from: 0.0, through: 1.2, by: 0.1) {
      let (first, last) = (all.map(\.seconds).min()!, all.map(\.seconds).max()!)
      let deadline = first + share * (last - first)
      let best = all.filter { $0.seconds <= deadline * (1 + 1e-12) }.map(\.joules).min()!
      let point = try #require(mix.point(within: deadline))
      #expect(abs(point.meanEnergyJoules - best) <= 1e-9 * abs(best))
      #expect(point.meanTimeSeconds <= deadline * (1 + 1e-9))
      // What is reported is what the plans do.
      let seconds = zip(kinds, point.plans).reduce(0) {
        $0 + $1.0.weight / total * $1.0.frontier.plans[$1.1].iterationTimeSeconds
      }
      #expect(abs(seconds - point.meanTimeSeconds) <= 1e-12 * seconds)
    }
    #expect(mix.point(within: 0.99 * mix.points[0].meanTimeSeconds) == nil)
  }

  /// At every price the bound is the least that each kind can do by itself at that price.
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func theBoundIsTheSumAtOnePrice(seed: UInt64) throws {
    let kinds = try Self.kinds(seed, count: 3)
    let total = kinds.reduce(0) { $0 + $1.weight }
    let mix = IterationMix(kinds)
    let prices = kinds.flatMap { $0.frontier.curve.breakpoints.map(\.priceWatts) }.filter { $0 >= 0 } + [0]
    let (first, last) = kinds.reduce((0.0, 0.0)) { sum, kind in
      let (share, curve) = (kind.weight / total, kind.frontier.curve)
      return (sum.0 + share * curve.minimumTimeSeconds, sum.1 + share * curve.cheapestTimeSeconds)
    }
    for share in [0, 0.2, 0.5, 0.9, 1] {
      let deadline = first + share * (last - first)
      // Lagrange: the largest over prices of the least of energy and priced time, less the priced deadline.
      let dual = prices.map { price in
        kinds.reduce(-price * deadline) { sum, kind in
          let corners = kind.frontier.curve.breakpoints
          let least = corners.map { $0.energyJoules + price * $0.iterationTimeSeconds }.min()!
          return sum + kind.weight / total * least
        }
      }.max()!
      let bound = mix.lowerBound(within: deadline)
      if share > 0 { #expect(abs(bound.joules - dual) <= 1e-9 * abs(dual)) }
      for point in mix.points where point.meanTimeSeconds <= deadline {
        #expect(point.meanEnergyJoules >= bound.joules * (1 - 1e-9))
      }
    }
  }

  /// Many kinds with many plans: some are left out, and the gap stays that of single plans.
  @Test func manyKindsKeepTheGap() throws {
    var random = SplitMix64(seed: 5)
    var tables: [[(Double, Double)]] = []
    for _ in 0..<8 {
      var table: [(Double, Double)] = []
      for option in 0..<12 {
        let seconds: Double = 1 + 0.1 * Double(option) * Double.random(in: 0.9...1.1, using: &random)
        table.append((seconds, 20 / Double(1 + option)))
      }
      tables.append(table)
    }
    var kinds: [(weight: Double, frontier: Frontier)] = []
    var single = 0.0
    for index in 0..<12 {
      let scale = 1 + 0.07 * Double(index)
      var sketch = ProblemSketch(tables.map { table in table.map { (scale * $0.0, $0.1) } })
      sketch.dependencies = (1..<8).map { .init(before: $0 - 1, after: $0) }
      let frontier = try Frontier(of: sketch.problem())
      single = frontier.plans.reduce(single) { max($0, $1.gapFraction) }
      kinds.append((weight: Double(1 + index % 3), frontier: frontier))
    }
    let mix = IterationMix(kinds)
    #expect(mix.points.count <= IterationMix.mostPoints)
    for point in mix.points {
      let bound = mix.lowerBound(within: point.meanTimeSeconds).joules
      #expect(point.meanEnergyJoules / bound - 1 <= single + 0.002)
    }
  }
}
