import Basics
import Testing

@testable import EnergyFrontier

/// Random problems against an independent linear program, and against changes that must not matter.
///
/// A failure names its seed; `ProblemSketch.random(seed:)` gives the same problem again.
@Suite struct CurvePropertyTests {
  static let seeds = [UInt64](0..<90)

  @Test(arguments: seeds)
  func agreesWithLinearProgram(seed: UInt64) throws {
    let problem = try ProblemSketch.random(seed: seed).problem()
    let curve = try LowerBoundCurve(of: problem)
    let oracle = LowerBoundOracle(problem)
    #expect(isClose(curve.minimumTimeSeconds, oracle.minimumTimeSeconds))
    #expect(isClose(curve.maximumTimeSeconds, oracle.maximumTimeSeconds))
    #expect(oracle.energyJoules(at: curve.minimumTimeSeconds * 0.999) == nil)
    let span = curve.maximumTimeSeconds - curve.minimumTimeSeconds
    for share in [1e-6, 0.13, 0.5, 0.81, 1.2] {
      let seconds = curve.minimumTimeSeconds + share * span + 1e-7
      let expected = try #require(oracle.energyJoules(at: seconds))
      let found = try #require(curve.energyJoules(at: seconds))
      #expect(isClose(found, expected, tolerance: 1e-7), "at \(seconds) s")
    }
  }

  @Test(arguments: [UInt64](0..<400))
  func isCertified(seed: UInt64) throws {
    let certificate = try expectCertified(ProblemSketch.random(seed: seed).problem())
    #expect(certificate.largestRelativeGap < 1e-12)
    #expect(certificate.largestTimeViolationSeconds < 1e-15)
  }

  @Test(arguments: seeds)
  func doesNotDependOnNumbering(seed: UInt64) throws {
    let sketch = ProblemSketch.random(seed: seed)
    var generator = SplitMix64(seed: seed &+ 1000)
    let number = sketch.tableOfInstruction.indices.shuffled(using: &generator)
    var relabelled = sketch
    for (old, new) in number.enumerated() { relabelled.tableOfInstruction[new] = sketch.tableOfInstruction[old] }
    relabelled.dependencies = sketch.dependencies.map {
      .init(before: number[$0.before], after: number[$0.after], lagSeconds: $0.lagSeconds)
    }.reversed()
    try expectSameCurve(sketch, relabelled)
  }

  @Test(arguments: seeds)
  func doesNotDependOnTheDirectionOfTime(seed: UInt64) throws {
    let sketch = ProblemSketch.random(seed: seed)
    var reversed = sketch
    reversed.dependencies = sketch.dependencies.map {
      .init(before: $0.after, after: $0.before, lagSeconds: $0.lagSeconds)
    }
    try expectSameCurve(sketch, reversed)
  }

  @Test(arguments: seeds)
  func scalesWithTime(seed: UInt64) throws {
    let sketch = ProblemSketch.random(seed: seed)
    var slower = sketch
    slower.tables = sketch.tables.map { $0.map { (3 * $0.0, $0.1) } }
    slower.dependencies = sketch.dependencies.map {
      .init(before: $0.before, after: $0.after, lagSeconds: 3 * $0.lagSeconds)
    }
    slower.blockingPowerWatts /= 3
    slower.waitingPowerWatts /= 3
    try expectSameCurve(sketch, slower, timeScale: 3)
  }

  /// A lag is an instruction that nothing can change, on no device, but for what such an instruction must draw.
  @Test(arguments: seeds)
  func aLagIsAnInstructionOfFixedTime(seed: UInt64) throws {
    var sketch = ProblemSketch.random(seed: seed)
    sketch.addLags(whole: false, seed: seed)
    // Blocking power belongs to devices, and the lag has none.
    (sketch.blockingPowerWatts, sketch.waitingPowerWatts) = (0, 1.5)
    var inserted = sketch
    inserted.dependencies = []
    for dependency in sketch.dependencies {
      guard dependency.lagSeconds > 0 else {
        inserted.dependencies.append(dependency)
        continue
      }
      let lag = inserted.tableOfInstruction.count
      inserted.tableOfInstruction.append(inserted.tables.count)
      inserted.tables.append([(dependency.lagSeconds, 1e-12)])
      inserted.dependencies.append(.init(before: dependency.before, after: lag))
      inserted.dependencies.append(.init(before: lag, after: dependency.after))
    }
    try expectSameCurve(sketch, inserted)
  }

  @Test(arguments: seeds)
  func ignoresDominatedOptions(seed: UInt64) throws {
    let sketch = ProblemSketch.random(seed: seed)
    var more = sketch
    for table in more.tables.indices {
      let (seconds, joules) = more.tables[table][0]
      // Slower at the same power above waiting, and equal but dearer; in front, so that indices move.
      more.tables[table].insert((seconds + 1, joules + 1 + sketch.blockingPowerWatts), at: 0)
      more.tables[table].insert((seconds, joules + 0.5), at: 0)
    }
    #expect(try LowerBoundCurve(of: more.problem()) == LowerBoundCurve(of: sketch.problem()))
  }

  @Test(arguments: seeds)
  func waitingPowerAddsALine(seed: UInt64) throws {
    var sketch = ProblemSketch.random(seed: seed)
    sketch.waitingPowerWatts = 0
    let without = try LowerBoundCurve(of: sketch.problem())
    sketch.waitingPowerWatts = 2.5
    sketch.deviceMultiplicity = 3
    let with = try LowerBoundCurve(of: sketch.problem())
    #expect(with.breakpoints.count == without.breakpoints.count)
    for (a, b) in zip(with.breakpoints, without.breakpoints) {
      #expect(a.iterationTimeSeconds == b.iterationTimeSeconds)
      #expect(isClose(a.energyJoules, 3 * (b.energyJoules + 2.5 * b.iterationTimeSeconds)))
      #expect(isClose(a.priceWatts, 3 * (b.priceWatts - 2.5)))
    }
  }

  /// The same bound at the same times, wherever rounding has put the corners.
  private func expectSameCurve(
    _ first: ProblemSketch, _ second: ProblemSketch, timeScale: Double = 1,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let a = try LowerBoundCurve(of: first.problem())
    let b = try LowerBoundCurve(of: second.problem())
    #expect(isClose(timeScale * a.minimumTimeSeconds, b.minimumTimeSeconds), sourceLocation: sourceLocation)
    #expect(isClose(timeScale * a.maximumTimeSeconds, b.maximumTimeSeconds), sourceLocation: sourceLocation)
    for corner in a.breakpoints {
      let seconds = max(b.minimumTimeSeconds, timeScale * corner.iterationTimeSeconds)
      let energy = b.energyJoules(at: seconds) ?? .nan
      #expect(isClose(energy, corner.energyJoules), "at \(seconds) s", sourceLocation: sourceLocation)
    }
  }
}
