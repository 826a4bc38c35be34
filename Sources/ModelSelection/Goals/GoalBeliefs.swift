internal import Basics

/// What is believed of each metric by itself: curves of its errors, and from them final errors, as for the error that
/// the search minimises (``Knowledge``).
///
/// Floors are taken to be kept or missed independently of each other and of the rest of the minimised error's curve,
/// given all that was observed. Metrics of one model rise and fall together, so the true probability of keeping
/// several floors is mostly higher than the product.
///
/// **Complexity.** Everything that `Knowledge` costs, once for each metric; nothing without metrics.
struct GoalBeliefs: Sendable {
  private(set) var goals: Goals
  /// By metric and candidate.
  private var curves: [[RepeatedTraining]]
  private var knowledge: [Knowledge]
  /// The logarithms of the ceilings, with their metrics.
  private var bounds: [(goal: Int, logError: Double)] = []
  /// Whether some report lacked a metric. Of a metric that was not observed a candidate is believed what its cluster's
  /// medoid shows.
  private var isPartial = false

  init(_ goals: Goals, candidateCount: Int, prior: CurvePrior, points: CurvePoints) {
    self.goals = goals
    curves = goals.ceilings.map { _ in Array(repeating: RepeatedTraining(), count: candidateCount) }
    knowledge = goals.ceilings.map { _ in Knowledge(candidateCount: candidateCount, prior: prior, points: points) }
    updateBounds()
  }

  /// Whether any metric has a ceiling.
  var hasCeilings: Bool { !bounds.isEmpty }

  /// Replaces ceilings; what was observed stays.
  ///
  /// - Precondition: as many metrics as before.
  mutating func revise(_ goals: Goals) {
    precondition(goals.ceilings.count == self.goals.ceilings.count, "metrics are neither added nor removed")
    self.goals = goals
    updateBounds()
  }

  private mutating func updateBounds() {
    bounds = goals.ceilings.enumerated().compactMap { goal, ceiling in
      ceiling.map { (goal, PortableMath.log($0)) }
    }
  }

  mutating func add(candidates count: Int) {
    for goal in curves.indices {
      curves[goal] += Array(repeating: RepeatedTraining(), count: count)
      knowledge[goal].add(candidates: count)
    }
  }

  /// Begins a candidate's training again, with the next seed.
  mutating func beginAgain(_ candidate: Int) {
    for goal in curves.indices { curves[goal][candidate].beginAgain() }
  }

  /// What a report changes of the chances to keep ceilings and of the metrics' predictions.
  enum Change: Comparable {
    case none
    /// Of the candidate that reports alone.
    case oneCandidate
    /// Chances of all candidates, because a metric with a ceiling is predicted again for all.
    case allCandidates
  }

  /// Takes a report as the minimised error's curve does.
  ///
  /// - Parameter seed: the training that reports.
  mutating func observe(
    _ candidate: Int, _ report: Report, from origin: LearningCurve.Origin, isAssigned: Bool, seed: Int, pool: Pool
  ) -> Change {
    var all = Change.none
    for (goal, error) in report.goalErrors.enumerated() {
      guard error.isFinite else {
        isPartial = true
        continue
      }
      let change = curves[goal][candidate].take(
        Observation(
          dataFraction: report.dataFraction, error: error,
          logErrorDeviation: report.goalDeviations.isEmpty ? nil : report.goalDeviations[goal]),
        from: origin, isAssigned: isAssigned, seed: seed)
      guard change != .none else { continue }
      let isRenewed = knowledge[goal].observe(candidate, states: curves[goal], pool: pool)
      let speaksForOthers = isRenewed || (isPartial && pool.isMedoid(candidate))
      all = max(all, speaksForOthers && goals.ceilings[goal] != nil ? .allCandidates : .oneCandidate)
    }
    return all
  }

  /// The probability that a candidate keeps all ceilings; 1 where nothing is known of a metric. O(ceilings).
  func chance(_ candidate: Int, _ pool: Pool) -> Double {
    var chance = 1.0
    for bound in bounds {
      guard let final = knowledge[bound.goal].belief(candidate, pool) else { continue }
      chance *= final.probability(atMost: bound.logError)
    }
    return chance
  }

  /// ``chance(_:_:)`` of all candidates. O(candidates x ceilings), at a tenth of the time of one call for each.
  func chances(_ pool: Pool) -> [Double] {
    var chances = pool.candidates.map { _ in 1.0 }
    for bound in bounds {
      let known = knowledge[bound.goal]
      for candidate in chances.indices {
        guard let final = known.belief(candidate, pool) else { continue }
        chances[candidate] *= final.probability(atMost: bound.logError)
      }
    }
    return chances
  }

  /// What is predicted of each metric of which anything was observed. O(metrics).
  func predictions(_ candidate: Int, _ pool: Pool) -> [GoalPrediction] {
    var predictions: [GoalPrediction] = []
    for goal in knowledge.indices {
      guard let final = knowledge[goal].belief(candidate, pool) else { continue }
      let (lower, upper) = final.interval
      predictions.append(
        GoalPrediction(
          goal: goal, predictedError: final.error, lowerError: lower, upperError: upper,
          probabilityKeptFraction: bounds.first { $0.goal == goal }.map { final.probability(atMost: $0.logError) }))
    }
    return predictions
  }
}

extension FinalError {
  /// The probability that the log error is at most a bound, by both kinds of doubt; 0 or 1 for an error that was seen.
  func probability(atMost bound: Double) -> Double {
    let deviation = (deviation * deviation + commonDeviation * commonDeviation).squareRoot()
    guard deviation > 1.001 * Self.seenDeviation else { return mean <= bound ? 1 : 0 }
    return PortableMath.normalProbability(below: (bound - mean) / deviation)
  }
}

/// An observed learning curve.
protocol ObservedCurve {
  /// By ascending fraction.
  var observations: [Observation] { get }
}

extension CandidateState: ObservedCurve {}
extension RepeatedTraining: ObservedCurve {}
