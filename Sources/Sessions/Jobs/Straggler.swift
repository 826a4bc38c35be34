internal import Basics
internal import EnergyFrontier

/// What is known of a pipeline, or of one data-parallel replica of it, that runs slower than its plan says.
///
/// Only its own slowness counts, not what it waits for: see ``BusyTimes``.
package struct Straggler: Sendable, Equatable {
  /// No report says more than a million times as long.
  package static let largestSlowdownFraction = 1e6

  package let pipeline: String
  /// The data-parallel replica from 0; nil for all replicas that have no entry of their own.
  package let replica: Int?
  /// How much longer than planned everything in it lasts.
  package var slowdownFraction = 0.0
  /// How long its iteration lasts at its fastest plan, where that was reported.
  package var iterationTimeSeconds: Double?
  /// For each rank that is slow by itself, how much longer than planned its instructions last.
  package var rankSlowdownFractions: [Int: Double] = [:]
  /// The plan of the replica; unused where `replica` is nil.
  package var choice: PlanChoice?

  package init(pipeline: String, replica: Int?) {
    self.pipeline = pipeline
    self.replica = replica
  }

  /// Whether nothing is slow any more.
  package var isOver: Bool {
    slowdownFraction == 0 && iterationTimeSeconds == nil && rankSlowdownFractions.isEmpty
  }

  /// By pipeline, all replicas before the first.
  static func precedes(_ a: Straggler, _ b: Straggler) -> Bool {
    (ExactString(a.pipeline), a.replica ?? -1) < (ExactString(b.pipeline), b.replica ?? -1)
  }

  /// What the reports mean for a pipeline with this frontier; of several reports the worst counts.
  func slowdown(_ characterized: CharacterizedFrontier) -> Slowdown {
    let fastest = characterized.frontier.plans[0]
    var slowdown = Slowdown(fastest.iterationTimeSeconds)
    slowdown.slow(by: 1 + slowdownFraction)
    if let iterationTimeSeconds { slowdown.slow(to: iterationTimeSeconds) }
    if let worst = rankSlowdownFractions.values.max() {
      var factors = [Double](repeating: 1, count: characterized.inputs.definition.rankCount)
      for (rank, fraction) in rankSlowdownFractions where rank < factors.count { factors[rank] = 1 + fraction }
      slowdown.slow(to: characterized.iterationTimeSeconds(of: fastest, rankFactors: factors), factor: 1 + worst)
    }
    return slowdown
  }
}

/// How fast a pipeline can be.
struct Slowdown {
  /// Its iteration time at its fastest plan, as slow as it is.
  private(set) var iterationTimeSeconds: Double
  /// No plan of it lasts more than this times what is planned: what makes it slow may stretch all instructions, or may
  /// add the same to every plan, and the fastest plan, being the shortest, tells the most by which either can stretch
  /// one.
  private(set) var factor = 1.0
  private let plannedSeconds: Double

  init(_ plannedSeconds: Double) {
    self.plannedSeconds = plannedSeconds
    iterationTimeSeconds = plannedSeconds
  }

  mutating func slow(by factor: Double) { slow(to: plannedSeconds * factor, factor: factor) }

  mutating func slow(to seconds: Double) { slow(to: seconds, factor: seconds / plannedSeconds) }

  mutating func slow(to seconds: Double, factor: Double) {
    iterationTimeSeconds = max(iterationTimeSeconds, seconds)
    self.factor = max(self.factor, factor)
  }

  /// The worse of both.
  mutating func slow(to other: Slowdown) { slow(to: other.iterationTimeSeconds, factor: other.factor) }
}

/// A plan of a certain frontier.
package struct PlanChoice: Sendable, Equatable {
  package let generation: Int
  /// Its number in that generation.
  package let plan: Int

  package init(generation: Int, plan: Int) {
    self.generation = generation
    self.plan = plan
  }
}
