import JSON
import ModelSelection

@testable import Sessions

/// A search over a small pool, driven without JSON-RPC.
struct SearchFixture {
  var search: ModelSearch

  /// - Parameter memoryGiB: for each language model what it needs.
  init(
    strategy: Strategy = .race, encoders: Int = 3, memoryGiB: [Int?] = [nil, nil, nil],
    gpus: [(id: String, node: String?, memoryGiB: Int?)] = [], constraints: PoolConstraints? = nil,
    direction: Metric.Direction = .maximize, range: ClosedRange<Double> = 0...1, budget: Budget = Budget(),
    leaseSeconds: Double? = nil
  ) throws {
    var settings = SelectionSettings(search: SearchSettings(strategy: strategy), leaseSeconds: leaseSeconds)
    settings.search.budget = budget
    let submission = PoolSubmission(
      encoders: (0..<encoders).map { PoolComponent(id: "e\($0)", tags: ["tag\($0)"]) }, projectors: [],
      languageModels: memoryGiB.enumerated().map { index, memory in
        PoolComponent(id: "l\(index)", memoryBytes: memory.map(Self.bytes))
      },
      constraints: constraints,
      task: SelectionTask(
        name: "t",
        metric: Metric(name: "accuracy", direction: direction, range: range, transform: .distance),
        alignmentSampleCount: 10_000))
    search = try ModelSearch(
      submission, settings, seed: 1,
      gpus: gpus.map {
        GPU(
          id: $0.id, node: $0.node, model: nil, memoryBytes: $0.memoryGiB.map(Self.bytes), frequencies: nil,
          blockingPowerWatts: nil)
      })
  }

  static func bytes(_ gib: Int) -> Int { gib << 30 }

  mutating func ask(
    _ worker: String? = nil, gpus: [String]? = nil, memoryGiB: Int? = nil, at seconds: Double? = nil
  ) throws -> TrialOffer {
    try search.next(
      TrialRequest(worker: worker, gpus: gpus, memoryBytes: memoryGiB.map(Self.bytes), elapsedSeconds: seconds))
  }

  /// The trial that a worker is given.
  mutating func trial(
    _ worker: String? = nil, gpus: [String]? = nil, memoryGiB: Int? = nil, at seconds: Double? = nil
  ) throws -> OpenTrial {
    guard case .trial(let trial, _) = try ask(worker, gpus: gpus, memoryGiB: memoryGiB, at: seconds) else {
      throw NoTrial()
    }
    return trial
  }

  /// Why a worker is given none.
  mutating func wait(
    _ worker: String? = nil, gpus: [String]? = nil, memoryGiB: Int? = nil, at seconds: Double? = nil
  ) throws -> TrialOffer.WaitReason {
    guard case .none(let reason, _) = try ask(worker, gpus: gpus, memoryGiB: memoryGiB, at: seconds) else {
      throw NoTrial()
    }
    return reason
  }

  @discardableResult
  mutating func report(
    _ trial: TrialID, step: Int = 1, fraction: Double, score: Double, gpuSeconds: Double? = nil,
    at seconds: Double? = nil,
    checkpoint: String? = nil
  ) throws -> TrialDecision {
    try search.report(
      TrialReport(
        trial: trial, step: step, dataFraction: fraction, score: score, gpuSeconds: gpuSeconds, energyJoules: nil,
        elapsedSeconds: seconds, checkpoint: checkpoint.map { .string($0) }))
  }

  /// Trains a trial to where it was assigned to go.
  mutating func finish(_ trial: OpenTrial, at seconds: Double? = nil) throws {
    try report(
      trial.id, step: 100, fraction: trial.toFraction, score: score(trial.candidate, trial.toFraction), at: seconds,
      checkpoint: "/\(trial.id)")
  }

  mutating func fail(_ trial: OpenTrial, _ kind: TrialFailure.Kind, at seconds: Double? = nil) throws {
    _ = try search.fail(
      TrialFailure(trial: trial.id, kind: kind, memoryBytes: nil, message: nil, elapsedSeconds: seconds))
  }

  func name(_ encoder: Int, _ languageModel: Int) -> CandidateName {
    CandidateName(encoder: "e\(encoder)", projector: nil, languageModel: "l\(languageModel)")
  }

  func score(_ name: CandidateName, _ fraction: Double) -> Double {
    let (encoder, model) = (Double(name.encoder.dropFirst())!, Double(name.languageModel.dropFirst())!)
    return 1 - (0.3 + 0.03 * encoder + 0.02 * model) / (1 + 3 * fraction)
  }

  func closure(_ encoder: Int, _ languageModel: Int) -> CandidateClosure? {
    search.pool.number(of: name(encoder, languageModel)).flatMap { search.engine.closure(of: $0) }
  }

  struct NoTrial: Error {}
}
