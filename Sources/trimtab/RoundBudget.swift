internal import EnergyFrontier
internal import JSONRPC
internal import Synchronization
internal import TrimtabServer

/// Ends rounds of a plan search by the clock, and says what they gained.
///
/// The wire and the journal count rounds only, so that a replay is exact; as many `--rounds` give the same plans.
final class RoundBudget: Sendable {
  private let start = monotonicSeconds()
  private let seconds: Double?
  private let rounds = Mutex<[PlanRound]>([])

  /// - Parameter seconds: nil sets no limit.
  init(seconds: Double?) { self.seconds = seconds }

  @Sendable func mayContinue(_ round: PlanRound) -> Bool {
    rounds.withLock { $0.append(round) }
    return seconds.map { monotonicSeconds() - start < $0 } ?? true
  }

  /// How many rounds were done and how far plans came nearer to the bound; nil where none was asked for.
  var summary: String? {
    rounds.withLock { rounds in
      guard let first = rounds.first, let last = rounds.last else { return nil }
      return "\(last.roundCount) rounds; mean gap of the deadlines from \(decimal(100 * first.meanGapFraction, 4)) "
        + "to \(decimal(100 * last.meanGapFraction, 4)) %"
    }
  }
}
