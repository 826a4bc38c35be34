import Basics
import Testing

@testable import EnergyFrontier

/// Ties, rounding and extreme scales: where integers and doubles meet.
@Suite struct CurveDegenerateTests {
  /// Identical stages: every path ties at every moment.
  @Test func identicalStages() throws {
    let schedule = try ExpandedSchedule(.oneForwardOneBackward, stageCount: 4, microbatchCount: 6)
    var sketch = ProblemSketch([[(1, 9), (2, 4), (3, 2)], [(2, 18), (4, 8), (6, 4)]])
    sketch.tableOfInstruction = schedule.instructions.map { $0.kind == .forward ? 0 : 1 }
    let problem = try IterationProblem(
      graph: schedule.graph, tableOfInstruction: sketch.tableOfInstruction, tables: sketch.problem().tables,
      waitingPowerWatts: 0)
    let curve = try LowerBoundCurve(of: problem)
    // 9 rounds of one forward and one backward; everything fastest where it is critical.
    #expect(curve.minimumTimeSeconds == 27)
    #expect(curve.maximumTimeSeconds == 81)
    try expectCertified(problem)
  }

  /// One option each: the curve is a point, and there is nothing to check but its time.
  @Test func oneOptionOnly() throws {
    let problem = try ProblemSketch([[(1, 2)], [(3, 4)]], dependencies: [(0, 1)]).problem()
    expectCorners(try LowerBoundCurve(of: problem), [(4, 6, 0)])
    #expect(try expectCertified(problem).pieceCount == 0)
  }

  /// Equal options are one option.
  @Test func allOptionsEqual() throws {
    let problem = try ProblemSketch([[(1, 2), (1, 2), (1, 2)], [(3, 4), (3, 4)]]).problem()
    expectCorners(try LowerBoundCurve(of: problem), [(3, 6, 0)])
    try expectCertified(problem)
  }

  /// Options on a line, up to rounding: their slopes come out equal, or in the wrong order by a digit.
  @Test(arguments: [UInt64](0..<3000))
  func collinearOptions(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var sketch = ProblemSketch(
      (0..<2).map { _ in
        let (first, step) = (
          Double.random(in: 0.01...3, using: &generator), Double.random(in: 0.01...1, using: &generator)
        )
        let saving = Double.random(in: 0.01...3, using: &generator)
        return (0..<Int.random(in: 3...6, using: &generator)).map {
          (first + step * Double($0), 300 - saving * Double($0))
        }
      })
    sketch.tableOfInstruction = [0, 1, 1, 0, 1]
    sketch.dependencies = bridge.dependencies
    sketch.blockingPowerWatts = 3.3
    try expectCertified(sketch.problem())
  }

  /// Two options one rounding apart have a slope beyond all measure, which must leave digits for the others.
  @Test func timesOneRoundingApart() throws {
    let problem = try ProblemSketch([[(1, 10), (1.0.nextUp, 9)], [(1, 10), (2, 6.1)]], dependencies: [(0, 1)]).problem()
    let curve = try LowerBoundCurve(of: problem)
    #expect(isClose(curve.energyJoules(at: 3)!, 15.1))
    #expect(isClose(curve.energyJoules(at: 2.5)!, 15.1 + 0.5 * 3.9))
    #expect(isClose(curve.energyJoules(at: 2.000001)!, 15.1 + 0.999999 * 3.9))
    try expectCertified(problem)
  }

  /// Stages that differ in the last digit make pieces shorter than the spacing of doubles; corners still rise.
  @Test func pathsOneRoundingApart() throws {
    let a = [(0.1 + 0.2, 9.0), (0.7, 4.0)]
    let b = [(0.3, 9.0), (0.7.nextUp, 4.0)]
    var sketch = ProblemSketch(
      [a, b, a, b, a, b, a, b], dependencies: [(0, 4), (1, 5), (2, 6), (3, 7), (0, 5), (1, 6)])
    sketch.tables.append([(1000, 1), (1001, 0.5)])
    sketch.tableOfInstruction.append(8)
    sketch.dependencies += (4...7).map { .init(before: $0, after: 8) }
    try expectCertified(sketch.problem())
  }

  /// The same problem in units of nanoseconds, of microseconds and of hours.
  @Test(arguments: [1e-25, 1e-9, 1e-6, 3600, 1e20])
  func unitsDoNotMatter(scale: Double) throws {
    var sketch = bridge
    sketch.tables = bridge.tables.map { $0.map { ($0.0 * scale, $0.1) } }
    let corners = try LowerBoundCurve(of: sketch.problem()).breakpoints
    for (corner, seconds) in zip(corners, [6.0, 7, 8, 9]) {
      #expect(isClose(corner.iterationTimeSeconds / scale, seconds))
    }
    #expect(corners.count == 4)
    try expectCertified(sketch.problem())
  }

  /// Energies from picojoules to gigajoules.
  @Test(arguments: [1e-25, 1e-12, 1e9, 1e20])
  func energyUnitsDoNotMatter(scale: Double) throws {
    var sketch = bridge
    sketch.tables = bridge.tables.map { $0.map { ($0.0, $0.1 * scale) } }
    let corners = try LowerBoundCurve(of: sketch.problem()).breakpoints
    for (corner, joules) in zip(corners, [24.0, 18, 14, 12]) {
      #expect(isClose(corner.energyJoules / scale, joules))
    }
    try expectCertified(sketch.problem())
  }

  /// A table that no instruction uses has no say, however long and steep.
  @Test func unusedTable() throws {
    var sketch = ProblemSketch([[(1, 10), (2, 6)], [(1e9, 1e30), (1e9.nextUp, 1), (1e28, 0.5)]])
    sketch.tableOfInstruction = [0, 0]
    sketch.dependencies = [.init(before: 0, after: 1)]
    expectCorners(try LowerBoundCurve(of: sketch.problem()), [(2, 20, 4), (4, 12, 0)])
    try expectCertified(sketch.problem())
  }

  /// Nanoseconds of difference on an hour, beside seconds of difference.
  @Test func mixedScales() throws {
    let problem = try ProblemSketch(
      [[(3600, 10), (3600.000000001, 9)], [(1e-6, 3), (2e-6, 2)], [(1, 10), (2, 6.1)]],
      dependencies: [(0, 1), (1, 2)]
    ).problem()
    let curve = try LowerBoundCurve(of: problem)
    #expect(isClose(curve.energyJoules(at: 3601.5)!, 9 + 2 + 6.1 + 0.500002 * 3.9, tolerance: 1e-9))
    let certificate = try expectCertified(problem)
    #expect(certificate.largestRelativeGap < 1e-6)
  }

  /// The extremes that an option table accepts can be traced, alone and together.
  @Test func outermostMeasurements() throws {
    let (least, most) = (1e-30, 1e30)
    for table in [
      [(least, 2 * least), (2 * least, least)], [(most / 2, most), (most, most / 2)], [(least, most), (most, least)],
    ] {
      var sketch = ProblemSketch([table, table, [(1, 1)]], dependencies: [(0, 1)])
      sketch.blockingPowerWatts = 1e-3
      let curve = try LowerBoundCurve(of: sketch.problem())
      for corner in curve.breakpoints {
        #expect(corner.iterationTimeSeconds.isFinite && corner.energyJoules.isFinite && corner.priceWatts.isFinite)
      }
      try expectCertified(sketch.problem())
      #expect(try !Frontier(of: sketch.problem()).plans.isEmpty)
    }
  }
}
