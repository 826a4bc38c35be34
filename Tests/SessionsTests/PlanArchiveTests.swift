import Basics
import EnergyFrontier
import Sessions
import Synchronization
import Testing

/// Plans that were found are not searched for again.
@Suite struct PlanArchiveTests {
  private final class Archive: PlanArchive {
    let stored = Mutex<[String: StoredPlans]>([:])
    let keptCount = Mutex(0)

    func plans(for key: PlanKey) -> StoredPlans? { stored.withLock { $0["\(key)"] } }

    func keep(_ plans: StoredPlans, for key: PlanKey) {
      keptCount.withLock { $0 += 1 }
      stored.withLock { $0["\(key)"] = plans }
    }
  }

  private func frontier(_ state: SessionState, _ options: CharacterizationOptions) throws -> Frontier {
    try state.characterization(CharacterizationRequest(pipeline: TinySession.pipeline, options: options))(
      ProgressHandle()
    ).characterized.frontier
  }

  @Test func aSearchThatTakesLongIsMadeOnce() throws {
    let archive = Archive()
    var state = try TinySession().state
    state.planArchive = archive
    state.revision += 1
    // 256 instructions by 64 deadlines.
    _ = try state.define(TinySession.request(microbatches: 64))
    var options = CharacterizationOptions()
    let first = try frontier(state, options)
    let second = try frontier(state, options)
    #expect(first.plans == second.plans)
    #expect(archive.keptCount.withLock { $0 } == 1)
    // Other options, other plans.
    options.effort.roundCount = 1
    _ = try frontier(state, options)
    #expect(archive.keptCount.withLock { $0 } == 2)
    // Other inputs too.
    state.revision += 1
    _ = try state.define(TinySession.request(microbatches: 65))
    _ = try frontier(state, options)
    #expect(archive.keptCount.withLock { $0 } == 3)
  }

  @Test func whatIsQuickIsNotKept() throws {
    let archive = Archive()
    var state = try TinySession().state
    state.planArchive = archive
    _ = try frontier(state, CharacterizationOptions(deadlineCount: 12))
    _ = try frontier(state, CharacterizationOptions(deadlineCount: 4096, effort: PlanEffort(level: .quick)))
    #expect(archive.keptCount.withLock { $0 } == 0)
  }
}
