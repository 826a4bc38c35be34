import Basics
import Journal
import TestSupport

/// Three clients and their conversations with a server that loses power again and again, over a disk that forgets,
/// tears and reorders what was not synced. Commits are made when the seed says so, so that records of several requests
/// share one; journals are compacted meanwhile, and in some rounds a write or sync fails first.
struct PowerLossCampaign {
  /// What the server was doing when the power went.
  enum Phase: String, CaseIterable {
    case recovery, commit, compaction, failure
  }

  private(set) var lossesByPoint: [SimulatedStorage.Point: Int] = [:]
  private(set) var lossesByPhase: [Phase: Int] = [:]
  private(set) var answerCount = 0
  /// Losses after which something was found that had not been answered.
  private(set) var keptUnansweredCount = 0
  private(set) var faults: [String] = []

  var lossCount: Int { lossesByPhase.values.reduce(0, +) }

  var summary: String {
    let points = SimulatedStorage.Point.allCases.map { "\(lossesByPoint[$0, default: 0]) at \($0)" }
    let phases = Phase.allCases.map { "\(lossesByPhase[$0, default: 0]) in \($0)" }
    return "\(lossCount) power losses (\(points.joined(separator: ", ")); \(phases.joined(separator: ", "))), "
      + "\(answerCount) answers compared, \(keptUnansweredCount) times more kept than answered, \(faults.count) faults"
      + faults.map { "\n  \($0)" }.joined()
  }

  /// Runs scenarios until there were `count` losses; stops at a fault.
  mutating func run(losses count: Int, seed: UInt64) throws {
    var next = seed
    while lossCount < count, faults.isEmpty {
      try run(seed: next)
      next += 1
    }
  }

  /// Runs three conversations to their end: a function of the seed.
  mutating func run(seed: UInt64) throws {
    var scenario = try PowerLossScenario(seed: seed)
    repeat {
      if let loss = try scenario.runUntilLoss() {
        lossesByPoint[loss.point, default: 0] += 1
        lossesByPhase[loss.phase, default: 0] += 1
      }
    } while !scenario.isOver && scenario.faults.isEmpty
    answerCount += scenario.answerCount
    keptUnansweredCount += scenario.keptUnansweredCount
    faults += scenario.faults.map { "seed \(seed): \($0)" }
  }
}
