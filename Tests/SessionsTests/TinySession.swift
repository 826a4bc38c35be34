import Basics
import EnergyFrontier
import JSON
import Sessions

/// A session with a pipeline of two stages and two microbatches, each instruction measured at three clocks.
struct TinySession {
  var state: SessionState
  static let pipeline = "tiny"

  /// - Parameter latencySeconds: what a change of clock takes.
  init(latencySeconds: Double = 0) throws {
    state = SessionState(name: "s", seed: 0)
    _ = try define(latencySeconds: latencySeconds)
    _ = try state.submit(ProfileSubmission(pipeline: Self.pipeline, rows: Self.rows))
  }

  /// Forwards and backwards have different highest clocks, so the fastest iteration changes clocks.
  static var rows: [ProfileRow] {
    (0..<2).flatMap { stage in
      [("forward", 1.0, 1410), ("backward", 2.0, 1395)].flatMap { instruction, work, highest in
        [(highest, 1.0, 3.0), (1200, 1.2, 2.4), (900, 1.7, 2.2)].map { clock, slower, watts in
          let time = 0.1 * work * slower * (stage == 0 ? 1 : 0.8)
          return ProfileRow(
            table: TableKey(stage: stage, instruction: instruction), setting: .integer(Int64(clock)),
            timeSeconds: time, energyJoules: 100 * watts * time)
        }
      }
    }
  }

  static func request(microbatches: Int = 2) -> PipelineRequest {
    var request = PipelineRequest(
      pipeline, source: .named(NamedSchedule(.oneForwardOneBackward, stageCount: 2, microbatchCount: microbatches)))
    request.blockingPowerWatts = .all(60)
    return request
  }

  mutating func define(latencySeconds: Double = 0) throws -> StepResult<PipelineSummary> {
    var request = Self.request()
    request.switchLatencySeconds = .all(latencySeconds)
    state.revision += 1
    return try state.define(request)
  }

  /// Computes the frontier here and now.
  @discardableResult
  mutating func characterize() throws -> StepResult<CharacterizationSummary> {
    let request = CharacterizationRequest(pipeline: Self.pipeline, options: CharacterizationOptions(deadlineCount: 12))
    let product = try state.characterization(request)(ProgressHandle())
    return try state.publish(product, request)
  }
}
