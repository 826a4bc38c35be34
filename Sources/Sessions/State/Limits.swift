package import Basics

/// How much one request or one profile may hold. Requests are handled on the loop one after the other, and at these
/// sizes none holds up the next for more than a few tenths of a second; real jobs are ten times smaller.
package enum Limits {
  /// Instructions of one iteration.
  package static let instructionCount = 65_536
  /// Dependencies of an explicit graph, repeated ones included.
  package static let dependencyCount = 262_144
  /// Measurements in one profile.
  package static let measurementCount = 65_536
  /// Samples in one profile, which are combined into its measurements.
  package static let sampleCount = 131_072
  /// Samples that are kept of one measurement; the oldest make room.
  package static let samplesOfMeasurement = 256
  /// GPUs in one request.
  package static let gpuCount = 65_536
  /// Pipelines in one job.
  package static let replicaCount = 65_536
  /// Combinations of a pool, those that rules leave out included.
  package static let candidateCount = 65_536
  /// Jobs, or groups, among which one request divides power; alike jobs count once.
  package static let powerJobCount = 65_536
  /// Jobs times budgets of such a request.
  package static let powerChoiceCount = 262_144
  /// The text of a schedule: room for every instruction.
  package static let scheduleCharacters = 4 << 20
  /// Items that a request may read and handle on the loop; one takes at most some 10 microseconds.
  package static let itemsOnLoop = 2000
  /// Requests that may wait for a session that another one uses.
  package static let waitingRequests = 65_536
  /// The text of a profile.
  package static let profileBytes = 16 << 20
  /// What the contents of all attached representations may take, in all sessions together, and what comparing them may
  /// take beside: half of the memory that this process may use.
  package static let representationMemory = MemoryBudget(byteLimit: SystemMemory.byteCount / 2)

  /// Refuses an iteration that is too long once its schedule is written out; one with split backwards has more
  /// instructions than its size alone tells.
  package static func check(_ definition: PipelineDefinition) throws(RequestError) {
    let count = definition.instructions.count
    guard count <= instructionCount else {
      throw RequestError(
        .invalidPipeline, path: "microbatches", expected: "at most \(instructionCount) instructions in an iteration",
        found: "\(count)", fix: "use fewer microbatches")
    }
  }
}
