import Basics
import Testing

@testable import EnergyFrontier

@Suite struct OptionTableTests {
  @Test(arguments: [Double.nan, .infinity, -.infinity, 0, -0.0, -1, 1e-31, 1e31, .leastNonzeroMagnitude])
  func refusesWhatIsNoMeasurement(value: Double) throws {
    let good = Measurement(timeSeconds: 1, energyJoules: 1)
    let badTime = Measurement(timeSeconds: value, energyJoules: 1)
    let badEnergy = Measurement(timeSeconds: 1, energyJoules: value)
    #expect(refusal([good, badTime]) == "1 timeSeconds")
    #expect(refusal([badEnergy, good]) == "0 energyJoules")
  }

  @Test(arguments: [Double.nan, .infinity, -1, 1e31])
  func refusesWhatIsNoPower(value: Double) throws {
    let measurements = [Measurement(timeSeconds: 1, energyJoules: 1)]
    // An enum that carries NaN is not equal to itself, so the case is matched instead.
    #expect {
      try OptionTable(measurements: measurements, blockingPowerWatts: value)
    } throws: { error in
      if case FrontierError.invalidBlockingPower = error { true } else { false }
    }
    let table = try OptionTable(measurements: measurements, blockingPowerWatts: 0)
    #expect {
      try IterationProblem(
        graph: InstructionGraph(count: 1, dependencies: []), tableOfInstruction: [0], tables: [table],
        waitingPowerWatts: value)
    } throws: { error in
      if case FrontierError.invalidBlockingPower = error { true } else { false }
    }
  }

  @Test func refusesAnEmptyTable() {
    #expect(throws: FrontierError.emptyTable) { try OptionTable(measurements: [], blockingPowerWatts: 0) }
  }

  @Test func refusesAnUnknownTable() throws {
    let graph = try InstructionGraph(count: 2, dependencies: [])
    let table = try table([(1, 1)])
    for index in [1, -1] {
      #expect(throws: FrontierError.unknownTable(instruction: 1, table: index)) {
        try IterationProblem(graph: graph, tableOfInstruction: [0, index], tables: [table], waitingPowerWatts: 0)
      }
    }
  }

  /// The slow option draws more, but less than waiting in its stead would: 3 W above 1 W for 1 s, at 5 W blocking.
  @Test func filtersByEffectiveEnergyNotRaw() throws {
    let measurements = [(1.0, 10.0), (2.0, 12.0)]
    #expect(try table(measurements).efficient == [0])
    let blocking = try table(measurements, blockingPowerWatts: 5)
    #expect(blocking.efficient == [0, 1])
    #expect(blocking.effectiveEnergies == [5, 2])
    #expect(blocking.energyJoules(at: 1) == 12)
    #expect(blocking.timeSeconds(at: 1) == 2)
  }

  /// Of equal options one stays, the first; of equally fast ones the cheapest, of equally cheap ones the fastest.
  @Test func keepsOneOfEqualOptions() throws {
    #expect(try table([(1, 2), (1, 2), (1, 2)]).efficient == [0])
    #expect(try table([(1, 3), (1, 2), (1, 4)]).efficient == [1])
    #expect(try table([(3, 2), (1, 2), (2, 2)]).efficient == [1])
  }

  /// The order of the measurements does not matter, and the highest clock need not be the fastest.
  @Test func sortsByTime() throws {
    let sorted = try table([(3, 1), (1, 9), (2, 4), (2.5, 5)])
    #expect(sorted.efficient == [1, 2, 0])
    #expect(sorted.hull == [0, 1, 2])
  }

  /// A point on the chord, or above it, is efficient but not on the hull.
  @Test func hullIsStrict() throws {
    #expect(try table([(1, 5), (2, 4), (3, 3)]).hull == [0, 2])
    #expect(try table([(1, 5), (2, 4.5), (3, 3)]).hull == [0, 2])
    #expect(try table([(1, 5), (2, 3.5), (3, 3)]).hull == [0, 1, 2])
    #expect(try table([(1, 9), (2, 8), (3, 7), (4, 1), (5, 0.5)]).hull == [0, 3, 4])
  }

  /// Random tables: what is kept is dominated by nothing, what is dropped by something, and the hull bends one way.
  @Test(arguments: [UInt64](0..<100))
  func holdsItsInvariants(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let whole = seed % 2 == 0
    let measurements = (0..<Int.random(in: 1...30, using: &generator)).map { _ in
      whole
        ? (Double(Int.random(in: 1...6, using: &generator)), Double(Int.random(in: 1...6, using: &generator)))
        : (Double.random(in: 1...6, using: &generator), Double.random(in: 1...6, using: &generator))
    }
    let power = Double.random(in: 0...2, using: &generator)
    let table = try table(measurements, blockingPowerWatts: power)
    func effective(_ index: Int) -> Double { measurements[index].1 - power * measurements[index].0 }
    func dominates(_ a: Int, _ b: Int) -> Bool {
      a != b && measurements[a].0 <= measurements[b].0 && effective(a) <= effective(b)
        && (measurements[a].0, effective(a), a) < (measurements[b].0, effective(b), b)
    }
    for index in measurements.indices {
      #expect(table.efficient.contains(index) == !measurements.indices.contains { dominates($0, index) })
    }
    #expect(table.hull.first == 0)
    #expect(table.hull.last == table.efficient.count - 1)
    let points = table.hull.map { (table.timeSeconds(at: $0), table.effectiveEnergies[$0]) }
    for (left, right) in zip(points, points.dropFirst()) { #expect(left.0 < right.0 && left.1 > right.1) }
    for ((a, b), c) in zip(zip(points, points.dropFirst()), points.dropFirst(2)) {
      #expect((a.1 - b.1) / (b.0 - a.0) > (b.1 - c.1) / (c.0 - b.0) * (1 - 1e-12))
    }
  }

  private func table(_ measurements: [(Double, Double)], blockingPowerWatts: Double = 0) throws -> OptionTable {
    try OptionTable(
      measurements: measurements.map { Measurement(timeSeconds: $0.0, energyJoules: $0.1) },
      blockingPowerWatts: blockingPowerWatts)
  }

  /// Which number a table refused, as "index field".
  private func refusal(_ measurements: [Measurement]) -> String? {
    do {
      _ = try OptionTable(measurements: measurements, blockingPowerWatts: 0)
      return nil
    } catch .invalidMeasurement(let index, let field, _) {
      return "\(index) \(field)"
    } catch {
      return "\(error)"
    }
  }
}
