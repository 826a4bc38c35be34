import EnergyFrontier
import Sessions
import TestSupport
import Testing

@Suite struct PipelineRequestTests {
  @Test func oneValueIsThatOfEachRank() throws {
    var one = TinySession.request()
    var each = one
    one.switchEnergyJoules = .all(2)
    each.switchEnergyJoules = .each([2, 2])
    each.blockingPowerWatts = .each([60])
    #expect(try one.definition(on: []) == each.definition(on: []))
  }

  @Test(arguments: ["blockingPowerWatts", "powerLimitWatts", "switchLatencySeconds", "switchEnergyJoules", "gpus"])
  func anotherCountThanTheRanksIsRefused(_ field: String) throws {
    var request = TinySession.request()
    let values = PerRank.each([1.0, 2, 3])
    switch field {
    case "blockingPowerWatts": request.blockingPowerWatts = values
    case "powerLimitWatts": request.powerLimitWatts = values
    case "switchLatencySeconds": request.switchLatencySeconds = values
    case "switchEnergyJoules": request.switchEnergyJoules = values
    default: request.gpus = ["a", "b", "c"]
    }
    let error = #expect(throws: RequestError.self) { try request.definition(on: []) }
    #expect(error?.kind == .invalidPipeline && error?.path == field)
  }

  @Test func aRefusedDefinitionChangesNothing() throws {
    var session = try TinySession()
    try session.characterize()
    let before = session.state
    var wrong = TinySession.request(microbatches: 1 << 16)
    #expect(throws: RequestError.self) { try session.state.define(wrong) }
    wrong = TinySession.request()
    wrong.gpus = ["none", "none"]
    #expect(throws: RequestError.self) { try session.state.define(wrong) }
    // The profile has measurements of a second stage.
    wrong = PipelineRequest("tiny", source: .named(NamedSchedule(.gpipe, stageCount: 1, microbatchCount: 2)))
    wrong.blockingPowerWatts = .all(60)
    #expect(throws: RequestError.self) { try session.state.define(wrong) }
    #expect(firstDifference(before, session.state) == nil)
  }

  /// Ten thousand pipelines, each a job of its own, are found by name.
  @Test func manyPipelinesAreFoundByName() throws {
    var state = SessionState(name: "s", seed: 0)
    for number in 0..<10_000 {
      var request = TinySession.request(microbatches: 1)
      request.name = "p\(number)"
      state.revision += 1
      _ = try state.define(request)
    }
    #expect(state.pipelines.count == 10_000)
    #expect(try state.pipeline("p4711").name == "p4711")
    #expect(try state.job("p9999").pipelines.map(\.name) == ["p9999"])
    _ = try state.replicate("p5", as: ["r2", "r1"])
    #expect(try state.job("p5").pipelines.map(\.name) == ["p5", "r1", "r2"])
    #expect(state.replicas(of: "p5") == ["r1", "r2"])
    #expect(throws: RequestError.self) { try state.replicate("p6", as: ["r1"]) }
  }
}
