import Testing

@testable import EnergyFrontier

@Suite struct PipelineScheduleTests {
  @Test func oneForwardOneBackwardByHand() throws {
    #expect(
      try orders(.oneForwardOneBackward, stages: 3, microbatches: 4) == [
        "F0 F1 F2 B0 F3 B1 B2 B3",
        "F0 F1 B0 F2 B1 F3 B2 B3",
        "F0 B0 F1 B1 F2 B2 F3 B3",
      ])
  }

  /// Fewer microbatches than stages: the first ranks run all forwards first.
  @Test func fewerMicrobatchesThanStages() throws {
    #expect(
      try orders(.oneForwardOneBackward, stages: 4, microbatches: 2) == [
        "F0 F1 B0 B1", "F0 F1 B0 B1", "F0 F1 B0 B1", "F0 B0 F1 B1",
      ])
    #expect(try orders(.oneForwardOneBackward, stages: 3, microbatches: 1) == ["F0 B0", "F0 B0", "F0 B0"])
  }

  @Test func gpipeByHand() throws {
    #expect(
      try orders(.gpipe, stages: 2, microbatches: 3) == ["F0 F1 F2 B0 B1 B2", "F0 F1 F2 B0 B1 B2"])
    #expect(try orders(.gpipe, stages: 1, microbatches: 1) == ["F0 B0"])
  }

  /// Each instruction once, and exactly the dependencies that the pipeline has.
  @Test(arguments: [PipelineSchedule.oneForwardOneBackward, .gpipe], [(1, 1), (1, 5), (2, 1), (3, 2), (4, 4), (4, 9)])
  func expandsEveryInstructionAndDependency(schedule: PipelineSchedule, size: (stages: Int, microbatches: Int)) throws {
    let expanded = try ExpandedSchedule(schedule, stageCount: size.stages, microbatchCount: size.microbatches)
    #expect(expanded.instructions.count == 2 * size.stages * size.microbatches)
    #expect(Set(expanded.instructions).count == expanded.instructions.count)

    var expected = Set<[ScheduledInstruction]>()
    for rank in 0..<size.stages {
      let order = expanded.order(ofRank: rank)
      for (before, after) in zip(order, order.dropFirst()) { expected.insert([before, after]) }
    }
    for microbatch in 0..<size.microbatches {
      func step(_ stage: Int, _ kind: InstructionKind) -> ScheduledInstruction {
        ScheduledInstruction(stage: stage, kind: kind, microbatch: microbatch)
      }
      for stage in 1..<max(1, size.stages) {
        expected.insert([step(stage - 1, .forward), step(stage, .forward)])
        expected.insert([step(stage, .backward), step(stage - 1, .backward)])
      }
      expected.insert([step(size.stages - 1, .forward), step(size.stages - 1, .backward)])
    }
    var found = Set<[ScheduledInstruction]>()
    for before in expanded.instructions.indices {
      for after in expanded.graph.successors(of: before) {
        found.insert([expanded.instructions[before], expanded.instructions[after]])
      }
    }
    #expect(found == expected)
    #expect(expanded.graph.dependencyCount == expected.count)
  }

  private func orders(_ schedule: PipelineSchedule, stages: Int, microbatches: Int) throws -> [String] {
    let orders = try ScheduleRecipe(schedule, stageCount: stages, microbatchCount: microbatches).orders()
    for (stage, order) in orders.enumerated() { #expect(order.allSatisfy { $0.stage == stage }) }
    return orders.map { order in
      order.map { "\($0.kind == .forward ? "F" : "B")\($0.microbatch)" }.joined(separator: " ")
    }
  }
}
