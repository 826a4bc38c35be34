package import JSON
package import ModelSelection

/// A trial as `trial/list` shows it.
package struct ListedTrial: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    case open, paused, completed, stopped, failed, lost, outOfMemory, checkpointGone, withdrawn
  }

  package let trial: TrialID
  package let candidate: CandidateName
  package let state: State
  package let worker: String?
  package let gpus: [String]
  package let fromFraction: Double
  package let toFraction: Double
  package let phase: SearchPhase
  /// The report of the greatest step.
  package let lastStep: Int?
  package let lastDataFraction: Double?
  /// Session time of the latest sign of life.
  package let heardSeconds: Double
  /// Whether a lease that ran out ended it.
  package let isExpired: Bool
  package let checkpoints: [Checkpoint]

  /// Weights that the trial reported to have saved.
  package struct Checkpoint: Sendable, Equatable {
    package let step: Int
    package let dataFraction: Double
    package let checkpoint: JSON
    /// Whether a later trial would resume from it, or it holds the trained candidate; others may be deleted.
    package let isNeeded: Bool
  }
}

extension ModelSearch {
  /// Trials in the order of their numbers: `limit` of those that match after the first `offset`.
  ///
  /// - Returns: the trials, and where the next piece begins; nil at the end. O(trials before the end of the piece).
  package func trials(
    openOnly: Bool, offset: Int, limit: Int
  ) -> (trials: [ListedTrial], nextOffset: Int?) {
    let ids = (0..<roster.count).lazy.map { TrialID($0 + 1) }.filter { !openOnly || self.roster[$0].isOpen }
    let piece = Array(ids.dropFirst(offset).prefix(limit + 1))
    return (piece.prefix(limit).map(listed), piece.count > limit ? offset + limit : nil)
  }

  func listed(_ id: TrialID) -> ListedTrial {
    let (entry, assignment) = (roster[id], assignment(of: id))
    let outcome = (try? engine.trial(id).outcome).flatMap { $0 }
    return ListedTrial(
      trial: id, candidate: pool.name(of: assignment.candidate),
      state: outcome.map(\.state) ?? .open, worker: entry.request.worker, gpus: entry.gpus,
      fromFraction: assignment.fromFraction, toFraction: assignment.toFraction, phase: assignment.phase,
      lastStep: entry.latest?.step, lastDataFraction: entry.latest?.dataFraction, heardSeconds: entry.heardSeconds,
      isExpired: entry.isExpired, checkpoints: checkpoints(of: id, assignment.candidate))
  }

  private func checkpoints(of id: TrialID, _ candidate: Int) -> [ListedTrial.Checkpoint] {
    // A candidate that takes no further part is never resumed.
    let isInSearch = engine.closure(of: candidate) == nil
    let resumed = isInSearch ? engine.checkpoint(of: candidate) : nil
    let needed = resumed.flatMap { $0.trial == id ? roster[id].checkpoint(at: $0.dataFraction, of: id).step : nil }
    return roster[id].marks.compactMap { mark in
      mark.checkpoint.map {
        ListedTrial.Checkpoint(
          step: mark.step, dataFraction: mark.dataFraction, checkpoint: $0, isNeeded: mark.step == needed)
      }
    }
  }
}
