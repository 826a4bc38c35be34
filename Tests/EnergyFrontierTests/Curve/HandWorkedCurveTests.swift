import Testing

@testable import EnergyFrontier

/// Curves small enough to be worked out on paper.
@Suite struct HandWorkedCurveTests {
  /// 0 saves 4 J for its second, 1 saves 6 J for its two: the cheaper second is bought first.
  @Test func twoInSeries() throws {
    let sketch = ProblemSketch([[(1, 10), (2, 6)], [(1, 9), (3, 3)]], dependencies: [(0, 1)])
    expectCorners(try LowerBoundCurve(of: sketch.problem()), [(2, 19, 4), (3, 15, 3), (5, 9, 0)])
    try expectCertified(sketch.problem())
  }

  /// Fork and join: 2 alone is critical down to 4 s, then 1 and 2 must both speed up and their prices add.
  @Test func parallelDiamond() throws {
    let sketch = ProblemSketch(
      [[(1, 1)], [(1, 5), (2, 3)], [(1, 8), (3, 2)], [(1, 1)]], dependencies: [(0, 1), (0, 2), (1, 3), (2, 3)])
    expectCorners(try LowerBoundCurve(of: sketch.problem()), [(3, 15, 5), (4, 10, 3), (5, 7, 0)])
    try expectCertified(sketch.problem())
  }

  /// The guide's worked example: from 8 s to 7 s a second costs 3 + 3 - 2 W, because instruction 2 is slowed again.
  @Test func bridgeSlowsAnInstructionAgain() throws {
    let problem = try bridge.problem()
    expectCorners(try LowerBoundCurve(of: problem), [(6, 24, 6), (7, 18, 4), (8, 14, 2), (9, 12, 0)])
    try expectCertified(problem)

    let events = EventNetwork(problem.graph)
    let scaled = ScaledProblem(problem)
    let durations = try tracedPieces(problem).pieces.map { piece in
      Double(piece.fastTimes[events.heads[2]] - piece.fastTimes[events.tails[2]]) / scaled.ticksPerSecond
    }
    #expect(durations[0] == 2)
    #expect(durations[1] == 3)
    #expect(durations[2] >= 3)
  }

  /// The prices between 8 s and 7 s, as the guide uses them to show that nothing costs less than 18 J at 7 s.
  @Test func flowProvesTheBound() throws {
    let problem = try bridge.problem()
    let unitsPerWatt = ScaledProblem(problem).unitsPerWatt
    let piece = try tracedPieces(problem).pieces[1]
    let prices = piece.flows[..<5].map { Double($0) / unitsPerWatt }
    #expect(prices == [3, 1, 2, 1, 3])
    #expect(Double(piece.price) / unitsPerWatt == 4)
    let least: [Double] = zip(bridge.tables, prices).map { table, price in table.map { $0.1 + price * $0.0 }.min()! }
    #expect(least == [13, 6, 8, 6, 13])
    let bound: Double = least.reduce(0, +) - 4 * 7
    #expect(bound == 18)
  }

  /// Waiting tilts the same curve: past the cheapest time it rises by the waiting power.
  @Test func waitingPowerMovesTheCheapestTime() throws {
    var sketch = bridge
    sketch.waitingPowerWatts = 3
    let curve = try LowerBoundCurve(of: sketch.problem())
    expectCorners(curve, [(6, 42, 3), (7, 39, 1), (8, 38, -1), (9, 39, -3)])
    #expect(curve.cheapestTimeSeconds == 8)
    #expect(curve.energyJoules(at: 8.5) == 38.5)
    #expect(curve.energyJoules(at: 11) == 45)
    #expect(curve.energyJoules(at: 6.5) == 40.5)
    #expect(curve.energyJoules(at: 5.999) == nil)
    #expect(curve.priceWatts(at: 7) == 1)
  }

  /// Blocking power is subtracted from each option: running 1 s longer at 5 W instead of waiting at 2 W costs 3 J.
  @Test func blockingPowerIsWhatTimeDisplaces() throws {
    var sketch = ProblemSketch([[(1, 10), (2, 6)]])
    sketch.blockingPowerWatts = 2
    sketch.waitingPowerWatts = 2
    sketch.deviceMultiplicity = 4
    // Effective 8 J and 2 J; times 4 devices, and with waiting the measured energies again.
    expectCorners(try LowerBoundCurve(of: sketch.problem()), [(1, 40, 16), (2, 24, -8)])
  }

  /// Independent instructions run side by side, and the slowest alone decides.
  @Test func noDependencies() throws {
    let sketch = ProblemSketch([[(1, 3), (4, 0.5)], [(2, 2)], [(1, 1), (3, 0.5)]])
    // The slope of 0 is 2.5/3 W; below 3 s instruction 2's 0.25 W adds; 1 cannot go below 2 s.
    let slope = 2.5 / 3
    expectCorners(
      try LowerBoundCurve(of: sketch.problem()),
      [(2, 3 + 2 * slope + 0.25, slope + 0.25), (3, 3 + slope, slope), (4, 3, 0)])
  }
}
