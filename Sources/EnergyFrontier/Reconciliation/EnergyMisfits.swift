internal import Basics

/// Finds by what measured energies differ from the model, given how long the iterations really lasted: so a wrong time
/// does not look like a wrong energy.
///
/// All causes are straight in their size. They are chosen as ``TimeMisfits`` chooses.
struct EnergyMisfits {
  private(set) var findings: [TimeMisfits.Finding] = []
  /// Iterations whose energy was measured.
  let count: Double
  private let rows: [Row]

  /// One plan's iterations, by their energy.
  private struct Row {
    let count: Double
    /// Mean measured over modelled energy, less 1, and the sum of squares about it.
    let excess: Double
    let squaresWithin: Double
    /// For each cause what its unit adds, over the modelled energy.
    let slopes: [Double]
  }

  private static let kinds: [MisfitKind] = [.energyOffset, .energyShare, .waitingPower]

  init(_ model: MachineModel, _ plans: [(run: MachineModel.Run, iterations: [IterationObservation])]) {
    let none = ModelCorrection(rankCount: model.ranks.count)
    rows = plans.compactMap { run, iterations in
      let ratios = iterations.compactMap { one in
        one.energyJoules.map { $0 / model.energyJoules(of: run, lasting: one.iterationTimeSeconds, none) - 1 }
      }
      if ratios.isEmpty { return nil }
      let mean = ratios.reduce(0, +) / Double(ratios.count)
      let seconds = iterations.reduce(0) { $0 + $1.iterationTimeSeconds } / Double(iterations.count)
      let energy = model.energyJoules(of: run, lasting: seconds, none)
      let slopes = Self.kinds.map { kind in
        var unit = none
        unit.add(kind, 1)
        return (model.energyJoules(of: run, lasting: seconds, unit) - energy) / energy
      }
      return Row(
        count: Double(ratios.count), excess: mean,
        squaresWithin: ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }, slopes: slopes)
    }
    count = rows.reduce(0) { $0 + $1.count }
    if count >= 3 { search() }
  }

  private mutating func search() {
    let penalty = PortableMath.log(count) + 2 * PortableMath.log(Double(Self.kinds.count)) + TimeMisfits.margin
    var current = cost([])
    while Double(findings.count) + 2 < count {
      let chosen = findings.map(\.kind)
      let tried = Self.kinds.indices.filter { !chosen.contains(Self.kinds[$0]) }.map { index in
        fitted(findings.map { Self.kinds.firstIndex(of: $0.kind)! } + [index])
      }
      guard let best = tried.min(by: { $0.cost < $1.cost }), current - best.cost > penalty else { break }
      (findings, current) = TimeMisfits.named(tried, best.cost)
    }
  }

  private func fitted(_ causes: [Int]) -> (findings: [TimeMisfits.Finding], cost: Double) {
    var normal = NormalEquations(count: causes.count)
    for row in rows { normal.add(causes.map { row.slopes[$0] }, row.excess, weight: row.count) }
    let findings = zip(causes, normal.solution).map { cause, size in
      TimeMisfits.Finding(
        kind: Self.kinds[cause], size: size,
        alternatives: self.findings.first { $0.kind == Self.kinds[cause] }?.alternatives ?? [])
    }
    return (findings, cost(findings))
  }

  /// What the findings leave of a plan's mean excess.
  private func rest(_ row: Row, _ findings: [TimeMisfits.Finding]) -> Double {
    findings.reduce(row.excess) { $0 - $1.size * row.slopes[Self.kinds.firstIndex(of: $1.kind)!] }
  }

  private func cost(_ findings: [TimeMisfits.Finding]) -> Double {
    let squares = rows.reduce(0) { sum, row in
      let rest = rest(row, findings)
      return sum + row.count * rest * rest + row.squaresWithin
    }
    return count * PortableMath.log(squares / count + TimeMisfits.leastNoise * TimeMisfits.leastNoise)
  }
}
