import Basics
import Testing

@testable import EnergyFrontier

/// Tables that several devices run together, and instructions that take no time.
@Suite struct DeviceCountTests {
  /// A table of n devices is that of one device that draws n times as much: bound, plans and energies are the same.
  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func devicesMultiplyEnergies(seed: UInt64) throws {
    let sketch = ProblemSketch.random(seed: seed)
    var random = SplitMix64(seed: seed &+ 77)
    let devices = sketch.tables.map { _ in 1 + random.index(below: 4) }
    func problem(_ table: (Int) throws -> OptionTable) throws -> IterationProblem {
      try IterationProblem(
        graph: InstructionGraph(count: sketch.tableOfInstruction.count, lagged: sketch.dependencies),
        tableOfInstruction: sketch.tableOfInstruction, tables: sketch.tables.indices.map(table),
        waitingPowerWatts: 7, deviceMultiplicity: 3)
    }
    func measured(_ table: Int, times factor: Double) -> [Measurement] {
      sketch.tables[table].map { Measurement(timeSeconds: $0.0, energyJoules: factor * $0.1) }
    }
    let counted = try problem {
      try OptionTable(
        measurements: measured($0, times: 1), blockingPowerWatts: sketch.blockingPowerWatts, deviceCount: devices[$0])
    }
    let multiplied = try problem {
      try OptionTable(
        measurements: measured($0, times: Double(devices[$0])),
        blockingPowerWatts: Double(devices[$0]) * sketch.blockingPowerWatts)
    }
    let (one, other) = (try Frontier(of: counted), try Frontier(of: multiplied))
    #expect(one.plans.count == other.plans.count)
    for (a, b) in zip(one.plans, other.plans) {
      #expect(a.iterationTimeSeconds == b.iterationTimeSeconds)
      #expect(abs(a.energyJoules - b.energyJoules) <= 1e-9 * abs(b.energyJoules))
      #expect(PlanCertificate(of: a, problem: counted, curve: one.curve).failure == nil)
      let peaks = [counted, multiplied].map { problem in
        PowerProfile(
          problem, measurements: zip(problem.tableOfInstruction, a.choices).map { problem.tables[$0].options[Int($1)] }
        ).peakPowerWatts
      }
      #expect(abs(peaks[0] - peaks[1]) <= 1e-9 * abs(peaks[1]))
    }
    #expect(try CurveCertificate.certify(counted).holds)
  }

  /// What takes no time changes nothing but the dependencies that pass through it.
  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func instantInstructionsOnlyPassOn(seed: UInt64) throws {
    let sketch = ProblemSketch.random(seed: seed)
    let count = sketch.tableOfInstruction.count
    // Each dependency goes by way of an instruction of its own.
    var dependencies: [InstructionGraph.Dependency] = []
    for (index, dependency) in sketch.dependencies.enumerated() {
      dependencies.append(.init(before: dependency.before, after: count + index, lagSeconds: dependency.lagSeconds))
      dependencies.append(.init(before: count + index, after: dependency.after))
    }
    let direct = try sketch.problem()
    let passing = try IterationProblem(
      graph: InstructionGraph(count: count + sketch.dependencies.count, lagged: dependencies),
      tableOfInstruction: sketch.tableOfInstruction
        + Array(repeating: direct.tables.count, count: sketch.dependencies.count),
      tables: direct.tables + [.instant], waitingPowerWatts: direct.waitingPowerWatts)
    let (one, other) = (try Frontier(of: direct), try Frontier(of: passing))
    #expect(abs(one.curve.minimumTimeSeconds - other.curve.minimumTimeSeconds) <= 1e-9)
    for share in stride(from: 0.0, through: 1, by: 0.125) {
      let (first, last) = (one.curve.minimumTimeSeconds, one.curve.maximumTimeSeconds)
      let seconds = first + share * (last - first)
      let bounds = [one, other].compactMap { $0.curve.energyJoules(at: max(seconds, $0.curve.minimumTimeSeconds)) }
      #expect(bounds.count == 2 && abs(bounds[0] - bounds[1]) <= 1e-6 * abs(bounds[0]) + 1e-9)
    }
    for plan in other.plans {
      #expect(PlanCertificate(of: plan, problem: passing, curve: other.curve).failure == nil)
    }
    #expect(try CurveCertificate.certify(passing).holds)
  }
}
