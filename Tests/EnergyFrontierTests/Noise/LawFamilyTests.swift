import Basics
import Testing

@testable import EnergyFrontier

/// The mixed model equations against what they stand for: the covariance of all measurements, written out.
@Suite struct LawFamilyTests {
  /// Three tables of different scales over eight clocks, with gaps and different numbers of samples.
  private func family(seed: UInt64) -> LawFamily {
    var random = SplitMix64(seed: seed)
    let clocks = (0..<8).map { 600 + 100 * Double($0) + Double.random(in: 0..<40, using: &random) }
    let tables = (0..<3).map { _ in
      let positions = clocks.indices.filter { _ in Double.random(in: 0..<1, using: &random) < 0.9 }
      return LawFamily.Table(
        positions: positions,
        logs: positions.map { -0.05 * Double($0) + Double.random(in: -0.02..<0.02, using: &random) },
        counts: positions.map { _ in Double(Int.random(in: 0...3, using: &random)) },
        scale: Int.random(in: 1...4, using: &random))
    }
    var family = LawFamily(clocks: clocks, tables: tables, withinSquares: 0.0004, withinFreedom: 12)
    family.shares = clocks.indices.map { 1 - 0.25 * Double($0) }
    let saturations: [LawFamily.Saturation?] = [nil, .init(position: 5, width: 0), .init(position: 5, width: 0.3)]
    if let saturation = saturations[Int(seed % 3)] { family.saturate(saturation) }
    return family
  }

  private func variances(seed: UInt64) -> LawVariances {
    var random = SplitMix64(seed: seed, index: 1)
    var variances = LawVariances()
    variances.parts = LawVariances.Part.allCases
    for part in LawVariances.Part.allCases {
      variances[part] = part == .decay ? 0.4 : Double.random(in: -2...4, using: &random)
    }
    return variances
  }

  @Test(arguments: UInt64(0)..<30) func equationsAreThoseOfTheWholeCovariance(seed: UInt64) throws {
    let (family, variances) = (family(seed: seed), variances(seed: seed))
    let evaluation = family.evaluate(variances)
    let dense = DenseFamily(family, variances)
    #expect(abs(evaluation.noiseVariance / dense.noiseVariance - 1) < 1e-7)
    let penalty = variances.penalty(noiseDeviation: evaluation.noiseVariance.squareRoot())
    #expect(abs(evaluation.cost - penalty - dense.cost) < 1e-6 * abs(dense.cost))
    for (laws, expected) in zip(family.laws(variances, evaluation), dense.laws) {
      for (law, expected) in zip(laws, expected) { #expect(abs(law - expected) < 1e-7) }
    }
  }

  /// Tables with one design share a factor, which changes nothing.
  @Test func sharedFactorsAreEachTablesOwn() {
    var family = family(seed: 2)
    family.tables[1] = family.tables[0]
    let alike = LawFamily(
      clocks: family.clocks, tables: family.tables, withinSquares: 0.0004, withinFreedom: 12)
    let variances = variances(seed: 2)
    let dense = DenseFamily(alike, variances)
    #expect(alike.designs == [0, 0, 2])
    #expect(abs(alike.evaluate(variances).noiseVariance / dense.noiseVariance - 1) < 1e-7)
  }
}

/// Restricted likelihood and best linear unbiased prediction by the covariances between all measurements.
private struct DenseFamily {
  private(set) var noiseVariance = 0.0
  private(set) var cost = 0.0
  private(set) var laws: [[Double]] = []

  init(_ family: LawFamily, _ variances: LawVariances) {
    let points = family.tables.enumerated().flatMap { index, table in
      table.positions.indices.filter { table.counts[$0] > 0 }.map {
        (table: index, clock: table.positions[$0], log: table.logs[$0], count: table.counts[$0])
      }
    }
    let n = points.count
    var covariance = [Double](repeating: 0, count: n * n)
    for (a, left) in points.enumerated() {
      for (b, right) in points.enumerated() {
        covariance[a * n + b] = Self.covariance(family, variances, left.table, left.clock, right.table, right.clock)
      }
      covariance[a * n + a] += 1 / left.count + variances.ratio(.own)
    }
    let factor = CholeskyFactor(covariance, count: n)
    func solved(_ vector: [Double]) -> [Double] {
      var vector = vector
      factor.solveLower(&vector)
      factor.solveUpper(&vector)
      return vector
    }
    func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    // The two free columns of the common law.
    let columns = (0..<2).map { column in points.map { Self.polynomials(family, $0.clock)[column] } }
    let whitened = columns.map(solved)
    let (aa, ab, bb) = (
      product(columns[0], whitened[0]), product(columns[0], whitened[1]), product(columns[1], whitened[1])
    )
    let logs = points.map(\.log)
    let (ya, yb) = (product(logs, whitened[0]), product(logs, whitened[1]))
    let determinant = aa * bb - ab * ab
    let (alpha, beta) = ((bb * ya - ab * yb) / determinant, (aa * yb - ab * ya) / determinant)
    let left = points.indices.map { logs[$0] - alpha * columns[0][$0] - beta * columns[1][$0] }
    let weights = solved(left)
    let freedom = Double(n - 2 + family.withinFreedom)
    noiseVariance = (product(left, weights) + family.withinSquares) / freedom
    cost = freedom * PortableMath.log(noiseVariance) + factor.logDeterminant + PortableMath.log(determinant)
    laws = family.tables.indices.map { table in
      family.clocks.indices.map { clock in
        let shared = points.map { Self.covariance(family, variances, table, clock, $0.table, $0.clock) }
        let free = Self.polynomials(family, clock)
        return alpha * free[0] + beta * free[1] + product(shared, weights)
      }
    }
  }

  /// Legendre polynomials by their sums of powers.
  private static func polynomials(_ family: LawFamily, _ clock: Int) -> [Double] {
    let logs = family.clocks.map(PortableMath.log)
    func scaled(_ clock: Int) -> Double { 2 * (logs[clock] - logs[0]) / (logs[logs.count - 1] - logs[0]) - 1 }
    let (position, width) = (family.saturation.position, family.saturation.width)
    let (x, limit) = (scaled(clock), scaled(position))
    let place =
      width == 0
      ? min(x, limit) : -width * PortableMath.log(PortableMath.exp(-x / width) + PortableMath.exp(-limit / width))
    func choose(_ n: Int, _ k: Int) -> Double {
      (0..<k).reduce(1.0) { $0 * Double(n - $1) / Double($1 + 1) }
    }
    func power(_ base: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1.0) { value, _ in value * base } }
    return (0...8).map { n in
      (0...n).reduce(0.0) {
        $0 + choose(n, $1) * choose(n, $1) * power((place - 1) / 2, n - $1) * power((place + 1) / 2, $1)
      }
    }
  }

  private static func covariance(
    _ family: LawFamily, _ variances: LawVariances, _ table: Int, _ clock: Int, _ other: Int, _ otherClock: Int
  ) -> Double {
    let (here, there) = (polynomials(family, clock), polynomials(family, otherClock))
    func decay(_ degree: Int) -> Double { (0..<degree).reduce(1.0) { value, _ in value * variances[.decay] } }
    var sum = (2...8).reduce(0) { $0 + variances.ratio(.common) * decay($1) * here[$1] * there[$1] }
    let (position, otherPosition) = (min(clock, family.cut), min(otherClock, family.cut))
    if position == otherPosition { sum += variances.ratio(.roughness) }
    guard table == other else { return sum }
    var own = variances.ratio(.level) * here[0] * there[0]
    own += (1...8).reduce(0) { $0 + variances.ratio(.deviation) * decay($1) * here[$1] * there[$1] }
    own += variances.ratio(.share) * family.shares[position] * family.shares[otherPosition]
    return sum + own * LawFamily.scales[family.tables[table].scale]
  }
}
