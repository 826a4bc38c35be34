import Basics
import EnergyFrontier

/// A machine that runs a pipeline of unlike stages and differs from its model as its properties say: a simulation of
/// its own, instruction by instruction, that shares nothing with the engine but the problem.
struct MachineForTests {
  var transferSeconds = 0.0
  var overheadSeconds = 0.0
  var iterationSeconds = 0.0
  var rankFactors = [Double](repeating: 1, count: Self.stages)
  var blocksTransfers = false
  var energyFactor = 1.0
  var energyOffsetJoules = 0.0
  var waitingFactor = 1.0
  /// Whether plans give the instructions of one table several settings.
  var settingsDiffer = false
  var timeNoise = 0.004
  var energyNoise = 0.01

  static let (stages, microbatches, blockingWatts) = (4, 6, 70.0)

  let problem: IterationProblem
  let ranks: [[Int]]
  private let rankOf: [Int]

  init(_ name: PipelineSchedule = .oneForwardOneBackward) throws {
    let schedule = try ExpandedSchedule(
      ScheduleRecipe(name, stageCount: Self.stages, microbatchCount: Self.microbatches))
    var tables: [OptionTable] = []
    for stage in 0..<Self.stages {
      for work in [0.1, 0.2] {
        let measurements = [1410.0, 1290, 1170, 1050, 930].map { clock in
          let seconds = work * (1 + 0.08 * Double(stage % 3)) * (0.2 + 0.8 * 1410 / clock)
          return Measurement(
            timeSeconds: seconds, energyJoules: seconds * (90 + 250 * (clock / 1410) * (clock / 1410)))
        }
        tables.append(try OptionTable(measurements: measurements, blockingPowerWatts: Self.blockingWatts))
      }
    }
    problem = try IterationProblem(
      graph: schedule.graph,
      tableOfInstruction: schedule.instructions.map { 2 * $0.stage + ($0.kind == .forward ? 0 : 1) },
      tables: tables, waitingPowerWatts: Double(Self.stages) * Self.blockingWatts, deviceMultiplicity: 2)
    rankOf = schedule.instructions.map { schedule.rankOfStage[$0.stage] }
    var ranks = [[Int]](repeating: [], count: Self.stages)
    for instruction in schedule.graph.topologicalOrder { ranks[rankOf[instruction]].append(instruction) }
    self.ranks = ranks
  }

  /// A plan in which each table has a setting of its own, or each instruction.
  func plan(_ random: inout SplitMix64) -> [Int] {
    if settingsDiffer {
      return problem.tableOfInstruction.map { Int(random.next() % UInt64(problem.tables[$0].measurements.count)) }
    }
    let settings = problem.tables.map { Int(random.next() % UInt64($0.measurements.count)) }
    return problem.tableOfInstruction.map { settings[$0] }
  }

  /// What an iteration of a plan takes, without noise.
  func truth(_ plan: [Int]) -> (outcome: IterationOutcome, busySeconds: [Double]) {
    var end = [Double?](repeating: nil, count: plan.count)
    var next = [Int](repeating: 0, count: ranks.count)
    var busy = [Double](repeating: 0, count: ranks.count)
    var (joules, blocked) = (0.0, 0.0)
    // Every rank runs its instructions in order, each as soon as what it waits for is there.
    while next.indices.contains(where: { next[$0] < ranks[$0].count }) {
      let before = next
      for rank in ranks.indices where next[rank] < ranks[rank].count {
        let instruction = ranks[rank][next[rank]]
        var start = next[rank] > 0 ? end[ranks[rank][next[rank] - 1]]! : 0
        var isReady = true
        for other in problem.graph.predecessors(of: instruction) {
          guard let ended = end[other] else {
            isReady = false
            break
          }
          start = max(start, ended + (rankOf[other] == rank ? 0 : transferSeconds))
        }
        if blocksTransfers, isReady, next[rank] > 0 {
          // What was sent last must have been received: its receiver has ended what it ran before.
          for receiver in problem.graph.successors(of: ranks[rank][next[rank] - 1]) where rankOf[receiver] != rank {
            let place = ranks[rankOf[receiver]].firstIndex(of: receiver)!
            guard place > 0 else { continue }
            guard let ended = end[ranks[rankOf[receiver]][place - 1]] else {
              isReady = false
              continue
            }
            start = max(start, ended)
          }
        }
        guard isReady else { continue }
        let option = problem.table(of: instruction).measurements[plan[instruction]]
        let seconds = rankFactors[rank] * option.timeSeconds + overheadSeconds
        end[instruction] = start + seconds
        busy[rank] += seconds
        joules += energyFactor * option.energyJoules
        blocked += Self.blockingWatts * option.timeSeconds
        next[rank] += 1
      }
      precondition(next != before, "the ranks wait for each other")
    }
    let seconds = end.compactMap(\.self).max()! + iterationSeconds
    let waiting = waitingFactor * (Double(Self.stages) * Self.blockingWatts * seconds - blocked)
    return (
      IterationOutcome(iterationTimeSeconds: seconds, energyJoules: 2 * (joules + waiting) + energyOffsetJoules), busy
    )
  }

  /// Iterations of a plan as they are measured.
  func iterations(
    _ plan: [Int], count: Int, busy: Bool = false, _ random: inout SplitMix64
  ) -> [IterationObservation] {
    func noise(_ share: Double) -> Double {
      // The sum of twelve uniform numbers is nearly normal.
      1 + share * ((0..<12).reduce(0) { sum, _ in sum + Double(random.next() >> 11) * 0x1p-53 } - 6)
    }
    let (outcome, busySeconds) = truth(plan)
    return (0..<count).map { _ in
      IterationObservation(
        iterationTimeSeconds: outcome.iterationTimeSeconds * noise(timeNoise),
        energyJoules: outcome.energyJoules * noise(energyNoise),
        rankBusySeconds: busy ? busySeconds.map { $0 * noise(timeNoise) } : nil)
    }
  }

  /// The review of iterations of several plans, one plan after the other.
  func review(
    planCount: Int = 8, iterationsOfPlan: Int = 5, busy: Bool, seed: UInt64
  ) -> ModelReview {
    var random = SplitMix64(seed: seed)
    let observed = (0..<planCount).map { _ in
      let plan = plan(&random)
      return ObservedPlan(
        measurements: plan, iterations: iterations(plan, count: iterationsOfPlan, busy: busy, &random))
    }
    return Self.review(self, observed)
  }

  static func review(_ machine: MachineForTests, _ observed: [ObservedPlan]) -> ModelReview {
    let sequence = observed.enumerated().flatMap { plan, one in one.iterations.indices.map { (plan, $0) } }
    return ModelReview(machine.problem, ranks: machine.ranks, observed: observed, sequence: sequence)
  }
}
