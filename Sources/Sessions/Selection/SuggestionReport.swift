package import ModelSelection

/// A candidate's place in the ranking, in the metric's unit.
package struct RankedCandidate: Sendable, Equatable {
  package let candidate: CandidateName
  package let status: CandidateStatus
  package let closure: CandidateClosure?
  package let flag: CandidateFlag?
  package let isPinned: Bool
  /// Nil without a prediction, as are the two that follow.
  package let predictedScore: Double?
  /// Holds the score on all data with probability 0.9; the lower end first.
  package let scoreInterval: [Double]?
  package let probabilityBestFraction: Double?
  /// The probability that it meets all floors; nil without floors.
  package let floorProbabilityFraction: Double?
  /// What is predicted of each metric where the task has several.
  package let metrics: [PredictedMetric]
}

/// What is predicted of one of several metrics.
package struct PredictedMetric: Sendable, Equatable {
  package let name: String
  package let predictedScore: Double
  /// Holds the score on all data with probability 0.9; the lower end first.
  package let scoreInterval: [Double]
  /// Nil without a floor.
  package let floorProbabilityFraction: Double?
}

/// A score that was observed.
package struct ObservedScore: Sendable, Equatable {
  package let dataFraction: Double
  /// As it was reported.
  package let score: Double
}

/// A candidate with the observations behind its prediction.
package struct CandidateEvidence: Sendable, Equatable {
  package let ranked: RankedCandidate
  /// By growing data.
  package let observations: [ObservedScore]
  package let regimePointCount: Int
  package let slope: Double?
  package let fitMeanSquareLogError: Double?
  package let extrapolationRatio: Double?
}

/// Everything that `suggestion/get` answers.
package struct SuggestionReport: Sendable, Equatable {
  /// The suggested candidate; nil before the first observation.
  package let suggestion: Suggested?
  package let stopReason: StopReason?
  package let spending: Spending
  package let openTrialCount: Int
  package let gridGPUSeconds: Double
  package let gridJoules: Double?
  package let savingFactor: Double?
  package let untriedCount: Int
  /// The first of the candidates that were never tried.
  package let untried: [CandidateName]
  package let evidence: [CandidateEvidence]
  /// Candidates that left the search or are flagged, by their number.
  package let problems: [RankedCandidate]
  package let diagnostics: [SelectionDiagnostic]

  package struct Suggested: Sendable, Equatable {
    package let ranked: RankedCandidate
    package let expectedRegretFraction: Double?
    package let expectedRegretScore: Double?
    /// Whether it meets the floors less probably than asked for; no candidate meets them more probably then.
    package let isFloorUncertain: Bool
  }
}

extension ModelSearch {
  /// The most problems that one report lists.
  private static let problemLimit = 100

  /// The answer so far. O(candidates), and sorting what is listed.
  package func report(evidenceLimit: Int, untriedLimit: Int) -> SuggestionReport {
    let (suggestion, ranking) = engine.answers(limit: evidenceLimit)
    let (spending, grid, untried) = (engine.spending, engine.gridGPUSeconds, engine.neverTried)
    return SuggestionReport(
      suggestion: suggestion.map { suggestion in
        let error = suggestion.prediction.predictedError
        let regret = suggestion.expectedRegretFraction
        return SuggestionReport.Suggested(
          ranked: ranked(suggestion.prediction), expectedRegretFraction: finite(regret),
          expectedRegretScore: finite(pool.task.metric.scoreLoss(ofError: error, from: error * (1 - regret))),
          isFloorUncertain: !suggestion.isProbableEnough)
      },
      stopReason: suggestion.map(\.stopReason) ?? engine.stopReason, spending: spending,
      openTrialCount: openTrialCount, gridGPUSeconds: grid,
      gridJoules: spending.joules > 0 && spending.gpuSeconds > 0
        ? finite(spending.joules / spending.gpuSeconds * grid) : nil,
      savingFactor: spending.gpuSeconds > 0 ? finite(grid / spending.gpuSeconds) : nil, untriedCount: untried.count,
      untried: untried.prefix(untriedLimit).map { pool.name(of: $0) },
      evidence: ranking.filter { $0.predictedError.isFinite }.map(evidence),
      problems: engine.problems(limit: Self.problemLimit).map(ranked), diagnostics: diagnostics)
  }

  /// The candidates by predicted score, the best first; `limit` of them. O(candidates), and sorting those.
  package func rankedCandidates(limit: Int) -> [RankedCandidate] { engine.ranking(limit: limit).map(ranked) }

  /// A prediction in the metric's unit.
  package func ranked(_ prediction: Prediction) -> RankedCandidate {
    let metric = pool.task.metric
    let isKnown = prediction.predictedError.isFinite
    return RankedCandidate(
      candidate: pool.name(of: prediction.candidate), status: prediction.status, closure: prediction.closure,
      flag: prediction.flag, isPinned: engine.isPinned(prediction.candidate),
      predictedScore: isKnown ? metric.score(ofError: prediction.predictedError) : nil,
      scoreInterval: isKnown
        ? [metric.score(ofError: prediction.lowerError), metric.score(ofError: prediction.upperError)].sorted() : nil,
      // Evidence from outside tells chances before anything was observed.
      probabilityBestFraction: isKnown || prediction.probabilityBestFraction > 0
        ? finite(prediction.probabilityBestFraction) : nil,
      floorProbabilityFraction: prediction.probabilityKeptFraction,
      metrics: prediction.goals.map { goal in
        let metric = pool.task.goals[goal.goal].metric
        return PredictedMetric(
          name: metric.name, predictedScore: metric.score(ofError: goal.predictedError),
          scoreInterval: [metric.score(ofError: goal.lowerError), metric.score(ofError: goal.upperError)].sorted(),
          floorProbabilityFraction: goal.probabilityKeptFraction)
      })
  }

  private func evidence(of prediction: Prediction) -> CandidateEvidence {
    let evidence = engine.evidence(of: prediction.candidate)
    return CandidateEvidence(
      ranked: ranked(prediction),
      observations: evidence.observations.map { ObservedScore(dataFraction: $0.dataFraction, score: $0.score) },
      regimePointCount: evidence.regimePointCount, slope: evidence.slope.flatMap(finite),
      fitMeanSquareLogError: evidence.fitMeanSquareLogError.flatMap(finite),
      extrapolationRatio: evidence.extrapolationRatio)
  }
}

/// The number, if JSON can spell it.
private func finite(_ number: Double) -> Double? { number.isFinite ? number : nil }
