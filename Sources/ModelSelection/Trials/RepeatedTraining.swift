/// A candidate's learning curve over all its trainings: the first, and those that began again with another seed.
///
/// Observations of several trainings at one data fraction are averaged. One that no other training has stands for
/// itself, so a training may be repeated at a few fractions only.
struct RepeatedTraining: Equatable, Sendable {
  /// By seed; the last is the present training.
  private(set) var trainings = [LearningCurve()]
  /// By ascending fraction, each fraction once.
  private(set) var observations: [Observation] = []

  init() {}

  /// Trainings without reports: the first, and as many that began again.
  init(seedCount: Int) { for _ in 0..<seedCount { beginAgain() } }

  /// The number of the present training, from 0.
  var seed: Int { trainings.count - 1 }

  /// The largest fraction at which the present training was observed; 0 before the first.
  var presentFraction: Double { trainings[seed].observations.last?.dataFraction ?? 0 }

  /// Begins the candidate's training again, with the next seed.
  mutating func beginAgain() { trainings.append(LearningCurve()) }

  /// Takes a report as ``LearningCurve/take(_:from:isAssigned:)`` does.
  ///
  /// - Parameter seed: the training that reports, at most ``seed``.
  /// - Complexity: O(1) for a report beyond all others of a candidate with one training, else O(observations).
  mutating func take(
    _ observation: Observation, from origin: LearningCurve.Origin, isAssigned: Bool, seed: Int = 0
  ) -> LearningCurve.Change {
    // With one training the observations are kept in one place while the curve changes, so nothing is copied.
    observations = []
    let change = trainings[seed].take(observation, from: origin, isAssigned: isAssigned)
    guard trainings.count > 1 else {
      observations = trainings[0].observations
      return change
    }
    observations = merged
    return change == .none ? .none : .rewritten
  }

  private var merged: [Observation] {
    let all = trainings.flatMap(\.observations).sorted { $0.dataFraction < $1.dataFraction }
    var (merged, start): ([Observation], Int) = ([], 0)
    while start < all.count {
      let end = all[start...].firstIndex { $0.dataFraction > all[start].dataFraction * (1 + 1e-9) } ?? all.count
      merged.append(Observation(mean: all[start..<end]))
      start = end
    }
    return merged
  }
}
