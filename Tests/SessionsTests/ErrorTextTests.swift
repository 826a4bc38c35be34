import Basics
import EnergyFrontier
import JSON
import Sessions
import Testing

/// Error texts name what a session has, and stay short however much that is.
@Suite struct ErrorTextTests {
  /// Above this a text would no longer be read in a log: ten cut names, one that was sent, and the words around them.
  private static let mostBytes = 1500

  /// The longest name that the wire accepts, told apart by its last characters.
  private static func name(_ number: Int) -> String {
    String(repeating: "n", count: 250) + String(10_000 + number)
  }

  private func expectShort<T>(_ operation: () throws(RequestError) -> T) {
    let error = #expect(throws: RequestError.self) { _ = try operation() }
    if let error { #expect(error.message.utf8.count <= Self.mostBytes, "\(error.message)") }
  }

  @Test func areShortBesideTenThousandNames() throws {
    var state = SessionState(name: "s", seed: 0)
    state.revision += 1
    _ = state.register(
      (0..<10_000).map {
        GPU(
          id: Self.name($0), node: nil, model: nil, memoryBytes: nil, frequencies: nil, blockingPowerWatts: nil)
      })
    for number in 0..<10_000 {
      var request = TinySession.request(microbatches: 1)
      request.name = Self.name(number)
      state.revision += 1
      _ = try state.define(request)
    }
    let (known, unknown) = (Self.name(0), Self.name(10_000))
    expectShort { () throws(RequestError) in try state.pipeline(unknown) }
    expectShort { () throws(RequestError) in try state.job(unknown) }
    expectShort { () throws(RequestError) in try state.retire([unknown]) }
    expectShort { () throws(RequestError) in try state.replicate(known, as: [Self.name(1)]) }
    let withdrawal = ProfileSubmission.Withdrawal(table: TableKey(stage: 0, instruction: unknown), setting: nil)
    expectShort { () throws(RequestError) in
      try state.submit(ProfileSubmission(pipeline: known, withdrawals: [withdrawal], rows: []))
    }
    _ = try state.replicate(known, as: [unknown])
    expectShort { () throws(RequestError) in try state.submit(ProfileSubmission(pipeline: unknown, rows: [])) }
  }

  /// Every instruction of the graph is of a table of its own, and none was measured.
  @Test func areShortWhereManyMeasurementsAreMissing() throws {
    let instructions = (0..<1000).map {
      GraphSchedule.Instruction(
        id: Self.name($0), table: TableKey(stage: 0, instruction: Self.name($0)), microbatch: nil)
    }
    var request = PipelineRequest(
      "p", source: .graph(GraphSchedule(stageCount: 1, instructions: instructions, dependencies: [])))
    request.blockingPowerWatts = .all(60)
    let definition = try request.definition(on: [])
    expectShort { () throws(RequestError) in try FrontierInputs(definition, Profile()) }
  }
}
