internal import Basics

extension Search {
  /// The predicted final errors of all candidates that may still be best; untried ones by their cluster.
  private var field: [(candidate: Int, final: FinalError)] {
    states.indices.compactMap { candidate in
      states[candidate].isGivenUp ? nil : knowledge.belief(candidate, pool).map { (candidate, $0) }
    }
  }

  /// The best candidate so far, how certain that is, and what it cost; nil before the first observation.
  public func suggestion() -> Suggestion? { answers(limit: 0).suggestion }

  /// The candidates by predicted error, the best first; those without a prediction last, by their number.
  public func ranking(limit: Int? = nil) -> [Prediction] { answers(limit: limit).ranking }

  /// Suggestion and ranking together, which share their integrals. O(candidates), and sorting what is ranked.
  public func answers(limit: Int? = nil) -> (suggestion: Suggestion?, ranking: [Prediction]) {
    let limit = limit ?? states.count
    guard let leader, let favourite = knowledge.finals[leader] else {
      return (nil, rankingBeforeTrials(limit))
    }
    let (field, kept) = (field, keptChances)
    let contest = knowledge.contest(among: field, favourite: leader, chance: kept)
    func chance(_ candidate: Int) -> Double { contest.contenders.first { $0.candidate == candidate }?.probability ?? 0 }
    let regret = contest.regretFraction
    let suggestion = Suggestion(
      prediction: prediction(leader, favourite, probabilityBest: chance(leader)), expectedRegretFraction: regret,
      isProbableEnough: standing(of: leader, favourite).shortfall == 0, spending: spending,
      gridGPUSeconds: gridGPUSeconds,
      stopReason: isEnough(regretFraction: regret) ? .regretBelowBound : stopReasonWithoutRegret)
    var ranking = ordered(field, limit, chance: kept).map {
      prediction($0.candidate, $0.final, probabilityBest: chance($0.candidate))
    }
    if ranking.count < limit {
      var isRanked = [Bool](repeating: false, count: states.count)
      for entry in field { isRanked[entry.candidate] = true }
      ranking += states.indices.filter { !isRanked[$0] }.prefix(limit - ranking.count).map { unknown($0) }
    }
    return (suggestion, ranking)
  }

  /// The candidates by what evidence says before any was observed, with their chances; by number without evidence.
  private func rankingBeforeTrials(_ limit: Int) -> [Prediction] {
    guard let evidence = knowledge.evidence else { return states.indices.prefix(limit).map { unknown($0) } }
    let order = evidence.order.filter { !states[$0].isGivenUp }
    guard let first = order.first else { return states.indices.prefix(limit).map { unknown($0) } }
    let contest = knowledge.contest(among: order.map { ($0, evidence.prior(of: $0)) }, favourite: first)
    let chances = Dictionary(uniqueKeysWithValues: contest.contenders.map { ($0.candidate, $0.probability) })
    let ranked = order.prefix(limit).map { unknown($0, probabilityBest: chances[$0] ?? 0) }
    return ranked + states.indices.filter { states[$0].isGivenUp }.prefix(limit - ranked.count).map { unknown($0) }
  }

  /// The first of the field, in the order in which they would be suggested. O(candidates), and sorting those.
  private func ordered(
    _ field: [(candidate: Int, final: FinalError)], _ limit: Int, chance: (Int) -> Double
  ) -> [(candidate: Int, final: FinalError)] {
    let count = min(limit, field.count)
    guard goals.hasCeilings, count > 0 else {
      return field.smallest(count) { ($0.final.mean, $0.candidate) < ($1.final.mean, $1.candidate) }
    }
    let standings = field.map {
      (standing: goals.standing(of: $0.candidate, $0.final, chance: chance($0.candidate)), final: $0.final)
    }
    return standings.smallest(count) { $0.standing < $1.standing }.map { ($0.standing.candidate, $0.final) }
  }

  /// Candidates that left the search or are flagged, by their number, without their predictions. O(candidates).
  public func problems(limit: Int) -> [Prediction] {
    var problems: [Prediction] = []
    for candidate in states.indices where states[candidate].isGivenUp || states[candidate].flag != nil {
      guard problems.count < limit else { break }
      problems.append(unknown(candidate))
    }
    return problems
  }

  private func unknown(_ candidate: Int, probabilityBest: Double = 0) -> Prediction {
    Prediction(
      candidate: candidate, predictedError: .infinity, lowerError: .infinity, upperError: .infinity,
      probabilityBestFraction: probabilityBest, status: status(of: candidate), closure: states[candidate].closure,
      flag: states[candidate].flag, probabilityKeptFraction: keptAnswer(candidate),
      goals: goals.predictions(candidate, pool))
  }

  /// How far evidence from outside is expected to correlate with final errors, and the probability that it says
  /// anything at all; nil without evidence.
  public var evidenceWeight: (correlation: Double, probability: Double)? {
    knowledge.evidence.map { ($0.expectedCorrelation, 1 - $0.nothingProbability) }
  }

  private func keptAnswer(_ candidate: Int) -> Double? { goals.hasCeilings ? goals.chance(candidate, pool) : nil }

  private func prediction(_ candidate: Int, _ final: FinalError, probabilityBest: Double) -> Prediction {
    let (lower, upper) = final.interval
    return Prediction(
      candidate: candidate, predictedError: final.error, lowerError: lower, upperError: upper,
      probabilityBestFraction: probabilityBest, status: status(of: candidate), closure: states[candidate].closure,
      flag: states[candidate].flag, probabilityKeptFraction: keptAnswer(candidate),
      goals: goals.predictions(candidate, pool))
  }

  private func status(of candidate: Int) -> CandidateStatus {
    let state = states[candidate]
    if state.isGivenUp { return .givenUp }
    if state.openTrial != nil { return .running }
    if state.isStopped { return .stopped }
    guard let last = state.observations.last else { return .untried }
    return last.dataFraction >= 1 ? .complete : .observed
  }

  /// The observations behind the candidate's prediction.
  public func evidence(of candidate: Int) -> Evidence {
    let observations = states[candidate].observations
    let fit = LogLinearFit(
      observations, pointCount: settings.regimePointCount, deviations: settings.regimeDeviations)
    return Evidence(
      observations: observations, regimePointCount: fit?.count ?? 0,
      fitMeanSquareLogError: fit.flatMap { $0.count >= 3 ? $0.meanSquare : nil }, slope: fit?.slope,
      extrapolationRatio: observations.last.map { 1 / $0.dataFraction })
  }
}
