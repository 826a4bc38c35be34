import Testing

@testable import EnergyFrontier

/// DualPipe, breadth-first pipelines, and encoders that feed one decoder.
@Suite struct ModernScheduleTests {
  /// DeepSeek-V3's report (arXiv 2412.19437, table 2): the bubble of DualPipe is (P/2 - 1)(F&B + B - 3W) on every rank.
  @Test(arguments: [(2, 4), (2, 8), (4, 8), (4, 10), (6, 12), (6, 24), (8, 16), (8, 32)])
  func dualPipeWaitsAsLongAsPublished(ranks: Int, microbatches: Int) throws {
    let schedule = try ExpandedSchedule(
      ScheduleRecipe(.dualpipe, stageCount: 2 * ranks, microbatchCount: microbatches))
    // Seconds; a pair takes what its halves take, and a whole backward what its two gradients take.
    func seconds(_ kind: InstructionKind) -> Int {
      switch kind {
      case .forward, .inputGradient, .weightGradient: 1
      case .backward: 2
      default: 3
      }
    }
    let problem = try Self.problem(schedule) { seconds($0.kind) }
    let makespan = problem.outcome(ofMeasurements: schedule.instructions.map { _ in 0 }).iterationTimeSeconds
    for rank in 0..<ranks {
      let busy = schedule.order(ofRank: rank).reduce(0) { $0 + seconds($1.kind) }
      #expect(makespan - Double(busy) == Double((ranks / 2 - 1) * (3 + 2 - 3 * 1)))
    }
    // Rank r holds part r for the microbatches that enter at rank 0, and part P - 1 - r for the others.
    for rank in 0..<ranks {
      let parts = Set(schedule.order(ofRank: rank).flatMap(\.parts).map { [$0.stage, $0.microbatch] })
      for microbatch in 0..<microbatches {
        let stage = microbatch < microbatches / 2 ? rank : 2 * ranks - 1 - rank
        #expect(parts.contains([stage, microbatch]))
        #expect(schedule.flow.partOfStage[stage] == (microbatch < microbatches / 2 ? rank : ranks - 1 - rank))
      }
    }
  }

  @Test func dualPipeNeedsEvenNumbers() {
    for (stages, microbatches) in [(6, 8), (8, 9), (8, 6), (7, 8)] {
      #expect(throws: FrontierError.self) {
        try ScheduleRecipe(.dualpipe, stageCount: stages, microbatchCount: microbatches)
      }
    }
  }

  /// As PyTorch's `ScheduleLoopedBFS` prints it.
  @Test func breadthFirstRunsAChunkThrough() throws {
    let schedule = try ExpandedSchedule(ScheduleRecipe(.loopedBreadthFirst, stageCount: 4, microbatchCount: 2))
    #expect(ScheduleCSV.text(schedule) == "0F0,0F1,2F0,2F1,2B1,2B0,0B1,0B0\n1F0,1F1,3F0,3F1,3B1,3B0,1B1,1B0\n")
  }

  /// Two encoders of two stages and one, and a decoder of two: every dependency between stages, by hand.
  @Test func encodersFeedTheDecoder() throws {
    let schedule = try ExpandedSchedule(
      ScheduleRecipe(.encoders, stageCount: 5, microbatchCount: 6, encoderStages: [2, 1]))
    let index = Dictionary(uniqueKeysWithValues: schedule.instructions.enumerated().map { ("\($1)", $0) })
    func needs(_ action: String) -> Set<String> {
      Set(schedule.graph.predecessors(of: index[action]!).map { "\(schedule.instructions[$0])" })
    }
    #expect(needs("1F0") == ["0F0"])
    #expect(needs("2F0") == [])
    #expect(needs("3F0") == ["1F0", "2F0"])
    #expect(needs("2B0").contains("3B0") && needs("1B0").contains("3B0") && needs("0B0").contains("1B0"))
    #expect(!needs("1B0").contains("2B0"))
    // Forwards ahead of the first backward: as many as stages until the loss, and the one that turns around.
    let ahead = (0..<5).map { rank in schedule.order(ofRank: rank).prefix { $0.kind == .forward }.count }
    #expect(ahead == [4, 3, 3, 2, 1])
  }

  /// With equal times everywhere, encoders beside each other cost no more than the longest of them in a chain.
  @Test func encodersRunBesideEachOther() throws {
    func seconds(_ recipe: ScheduleRecipe) throws -> Double {
      let schedule = try ExpandedSchedule(recipe)
      let problem = try Self.problem(schedule) { $0.kind == .forward ? 1 : 2 }
      return problem.outcome(ofMeasurements: schedule.instructions.map { _ in 0 }).iterationTimeSeconds
    }
    let beside = try seconds(
      ScheduleRecipe(.encoders, stageCount: 6, microbatchCount: 8, encoderStages: [2, 1, 1]))
    let chain = try seconds(ScheduleRecipe(.oneForwardOneBackward, stageCount: 4, microbatchCount: 8))
    #expect(beside == chain)
  }

  @Test(arguments: [[], [0, 1], [3, 2], [5], [2, 2, 2], [Int.max, Int.max]])
  func encodersMustLeaveADecoder(encoders: [Int]) {
    #expect(throws: FrontierError.self) {
      try ScheduleRecipe(.encoders, stageCount: 5, microbatchCount: 2, encoderStages: encoders)
    }
  }

  /// One measurement for each kind of instruction.
  private static func problem(
    _ schedule: ExpandedSchedule, seconds: (ScheduledInstruction) -> Int
  ) throws -> IterationProblem {
    let tables = try schedule.instructions.map {
      try OptionTable(
        measurements: [Measurement(timeSeconds: Double(seconds($0)), energyJoules: 1)], blockingPowerWatts: 0)
    }
    return try IterationProblem(
      graph: schedule.graph, tableOfInstruction: Array(tables.indices), tables: tables, waitingPowerWatts: 0)
  }
}
