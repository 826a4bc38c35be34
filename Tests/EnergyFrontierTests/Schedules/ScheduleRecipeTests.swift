import Testing

@testable import EnergyFrontier

@Suite struct ScheduleRecipeTests {
  /// Whatever the sizes, a generated order is valid, has all the work, and survives a round trip through its text.
  @Test(arguments: PipelineSchedule.allCases)
  func everySizeIsValid(schedule: PipelineSchedule) throws {
    var count = 0
    for ranks in 1...5 {
      for microbatches in [1, 2, 3, 4, 5, 7, 8, 10, 13] where Self.exists(schedule, ranks, microbatches) {
        for chunks in schedule.hasChunks ? [1, 2, 3] : [schedule.defaultChunksPerRank] {
          let hasShortGroup = microbatches > ranks && !microbatches.isMultiple(of: ranks)
          let group = schedule.hasGroups && hasShortGroup ? microbatches : nil
          let expanded = try ExpandedSchedule(
            ScheduleRecipe(
              schedule, stageCount: ranks * chunks, microbatchCount: microbatches, chunksPerRank: chunks,
              microbatchGroupSize: group, encoderStages: Self.encoders(schedule, ranks)))
          #expect(expanded.rankCount == ranks)
          #expect(expanded.stageCount == ranks * chunks)
          #expect(expanded.microbatchCount == microbatches)
          let forwards = expanded.flow.partCount * microbatches
          #expect(expanded.instructions.flatMap(\.parts).count { $0.kind == .forward } == forwards)
          count += 1
          // PyTorch's text cannot say that two stages are copies.
          if schedule == .dualpipe { continue }
          let text = ScheduleCSV.text(expanded)
          #expect(try ScheduleCSV.parse(text, encoderStages: Self.encoders(schedule, ranks)) == expanded)
        }
      }
    }
    #expect(count >= (schedule == .dualpipe ? 4 : 20))
  }

  private static func exists(_ schedule: PipelineSchedule, _ ranks: Int, _ microbatches: Int) -> Bool {
    switch schedule {
    case .dualpipev: microbatches >= 2 * ranks
    case .dualpipe: ranks.isMultiple(of: 2) && microbatches.isMultiple(of: 2) && microbatches >= 2 * ranks
    case .encoders: ranks > 1
    default: true
    }
  }

  private static func encoders(_ schedule: PipelineSchedule, _ ranks: Int) -> [Int] {
    guard schedule == .encoders else { return [] }
    return ranks > 3 ? [2, 1] : Array(repeating: 1, count: ranks - 1)
  }

  /// A group size is legal from the number of ranks on, if the last group is whole or no smaller than that number.
  @Test(arguments: [PipelineSchedule.interleavedOneForwardOneBackward, .zbh1], [4, 5, 6, 9, Int.max])
  func groupsFromTheNumberOfRanksOn(schedule: PipelineSchedule, group: Int) throws {
    for microbatches in [1, 4, 8, 9, 10, 12, 14]
    where microbatches <= group || [0, 4, 5].contains(microbatches % group) {
      let recipe = try ScheduleRecipe(
        schedule, stageCount: 8, microbatchCount: microbatches, chunksPerRank: 2, microbatchGroupSize: group)
      #expect(throws: Never.self) { try ExpandedSchedule(recipe) }
    }
  }

  /// The backward of the lone last microbatch is asked for before the forward of its later chunks has begun.
  @Test func refusesALastGroupThatDeadlocks() throws {
    let recipe = try ScheduleRecipe(
      .interleavedOneForwardOneBackward, stageCount: 12, microbatchCount: 5, chunksPerRank: 3)
    let error = #expect(throws: FrontierError.self) { try ExpandedSchedule(recipe) }
    guard case .invalidSchedule(let fault) = error else { return }
    #expect(fault.place == .init(rank: 3, column: 17, action: "7B0"))
    #expect(fault.field == "microbatchGroupSize")
    #expect(fault.found.hasSuffix("7B0 -> 7F4 -> 8F4 -> 8B0 -> 7B0"), "\(fault)")
  }

  /// Stages run round and round in a loop, down and up again in a V.
  @Test func stagesOfRanks() throws {
    let loop = try ExpandedSchedule(.interleavedOneForwardOneBackward, stageCount: 6, microbatchCount: 3)
    #expect(loop.rankOfStage == [0, 1, 2, 0, 1, 2])
    for schedule in [PipelineSchedule.zbv, .dualpipev] {
      #expect(try ExpandedSchedule(schedule, stageCount: 6, microbatchCount: 6).rankOfStage == [0, 1, 2, 2, 1, 0])
    }
  }

  /// Of fewer microbatches than its phases need, zbv writes those of the longer order that exist.
  @Test func zbvWithFewMicrobatchesIsPartOfTheLongerOrder() throws {
    for ranks in 1...7 {
      let whole = try ScheduleRecipe(.zbv, stageCount: 2 * ranks, microbatchCount: 2 * ranks - 1).orders()
      for microbatches in 1..<2 * ranks {
        let orders = try ScheduleRecipe(.zbv, stageCount: 2 * ranks, microbatchCount: microbatches).orders()
        #expect(orders == whole.map { $0.filter { $0.microbatch < microbatches } })
      }
    }
    // Counting what is not written takes no time of its own, or this would not end.
    let recipe = try ScheduleRecipe(.zbv, stageCount: 1 << 16, microbatchCount: 1)
    #expect(recipe.orders().allSatisfy { $0.count == 6 })
  }

  /// With unit times, the published lengths (arXiv 2401.10241 and 2405.15362): the last rank of 1F1B idles 3(P - 1),
  /// a rank of ZB-H1 P - 1, and one of ZBV not but for filling and draining the V.
  @Test(arguments: [2, 3, 4, 6])
  func bubblesAreThePublishedOnes(ranks: Int) throws {
    let microbatches = 3 * ranks
    func length(_ schedule: PipelineSchedule, chunks: Int) throws -> Int {
      let expanded = try ExpandedSchedule(schedule, stageCount: ranks * chunks, microbatchCount: microbatches)
      var finish = Array(repeating: 0, count: expanded.graph.count)
      for index in expanded.graph.topologicalOrder {
        let start = expanded.graph.predecessors(of: index).map { finish[$0] }.max() ?? 0
        finish[index] = start + (expanded.instructions[index].kind == .backward ? 2 : 1)
      }
      return finish.max() ?? 0
    }
    #expect(try length(.oneForwardOneBackward, chunks: 1) == 3 * microbatches + 3 * (ranks - 1))
    #expect(try length(.gpipe, chunks: 1) == 3 * microbatches + 3 * (ranks - 1))
    #expect(try length(.zbh1, chunks: 1) == 3 * microbatches + ranks - 1)
    #expect(try length(.zbv, chunks: 2) == 6 * microbatches + ranks - 1)
  }

  @Test func earlyRecomputationByHand() throws {
    let schedule = try ExpandedSchedule(.earlyRecomputationOneForwardOneBackward, stageCount: 2, microbatchCount: 2)
    #expect(ScheduleCSV.text(schedule) == "0F0,0F1,0FB0,0R1,0B1\n1F0,1FB0,1F1,1FB1\n")
    #expect(
      Set(schedule.instructions.map(\.tableName)) == ["forward", "recomputeBackward", "recompute", "backward"])
  }

  @Test(arguments: PipelineSchedule.allCases, [0, -1, Int.min])
  func refusesSizesThatAreNone(schedule: PipelineSchedule, size: Int) {
    #expect(throws: FrontierError.invalidScheduleSize(field: "stages", value: size)) {
      try ScheduleRecipe(schedule, stageCount: size, microbatchCount: 4)
    }
    #expect(throws: FrontierError.invalidScheduleSize(field: "microbatches", value: size)) {
      try ExpandedSchedule(schedule, stageCount: 4, microbatchCount: size)
    }
    #expect(throws: FrontierError.self) {
      try ScheduleRecipe(schedule, stageCount: 4, microbatchCount: 8, chunksPerRank: size)
    }
    #expect(throws: FrontierError.self) {
      try ScheduleRecipe(schedule, stageCount: 4, microbatchCount: 8, microbatchGroupSize: size)
    }
  }

  @Test(
    arguments: [
      (PipelineSchedule.zbv, 3, 4, nil, nil, "stages: expected a multiple of the 2 chunks on each rank, found 3"),
      (.zbv, 4, 4, 1, nil, "chunksPerRank: expected 2, as zbv has it, found 1"),
      (.gpipe, 4, 4, 2, nil, "chunksPerRank: expected 1, as gpipe has it, found 2"),
      (.gpipe, 4, 4, nil, 2, "microbatchGroupSize: expected none, as gpipe has no groups, found 2"),
      (.dualpipev, 8, 7, nil, nil, "microbatches: expected at least 8, twice the ranks of dualpipev, found 7"),
      (.interleavedOneForwardOneBackward, 4, 4, 3, nil, "stages: expected a multiple of the 3 chunks"),
    ] as [(PipelineSchedule, Int, Int, Int?, Int?, String)])
  func refusesSizesOfOtherFamilies(
    schedule: PipelineSchedule, stages: Int, microbatches: Int, chunks: Int?, group: Int?, message: String
  ) {
    let error = #expect(throws: FrontierError.self) {
      try ScheduleRecipe(
        schedule, stageCount: stages, microbatchCount: microbatches, chunksPerRank: chunks, microbatchGroupSize: group)
    }
    guard case .invalidSchedule(let fault) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect("\(fault)".hasPrefix(message), "\(fault)")
  }
}
