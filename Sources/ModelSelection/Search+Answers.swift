extension Search {
  /// The candidate whose median predicted error is least; nil while nothing was observed. O(candidates).
  var leader: Int? {
    var best: Int?
    for candidate in states.indices where !states[candidate].isGivenUp {
      guard let final = knowledge.finals[candidate] else { continue }
      if best.flatMap({ knowledge.finals[$0] }).map({ final.mean < $0.mean }) ?? true { best = candidate }
    }
    return best
  }

  /// What is believed of every candidate that may still turn out best, untried ones by their cluster.
  private var field: [(candidate: Int, final: FinalError)] {
    states.indices.compactMap { candidate in
      states[candidate].isGivenUp ? nil : knowledge.belief(candidate, pool).map { (candidate, $0) }
    }
  }

  /// The best candidate so far, how sure that is, and what it cost; nil while nothing was observed.
  public func suggestion() -> Suggestion? {
    guard let leader, let final = knowledge.finals[leader] else { return nil }
    let contest = Contest(field, favourite: final)
    let chance = contest.contenders.first { $0.candidate == leader }?.probability ?? 0
    return Suggestion(
      prediction: prediction(leader, final, probabilityBest: chance),
      // The errors' ratio: 1 less the best's over the suggestion's.
      expectedRegretFraction: 1 - Elementary.exp(-contest.regret), spending: spending,
      gridGPUSeconds: gridGPUSeconds, stopReason: isPlanComplete || !trials.isEmpty ? stopReasonWithoutRegret : nil)
  }

  /// The candidates by predicted error, the best first; those of which nothing is known last, by their number.
  public func ranking(limit: Int? = nil) -> [Prediction] {
    let field = field
    guard let leader, let favourite = knowledge.finals[leader] else {
      return states.indices.prefix(limit ?? .max).map { unknown($0) }
    }
    let chances = Dictionary(
      uniqueKeysWithValues: Contest(field, favourite: favourite).contenders.map { ($0.candidate, $0.probability) })
    let ordered = field.sorted { ($0.final.mean, $0.candidate) < ($1.final.mean, $1.candidate) }
    var ranking = ordered.prefix(limit ?? .max).map {
      prediction($0.candidate, $0.final, probabilityBest: chances[$0.candidate] ?? 0)
    }
    if ranking.count < limit ?? .max {
      var isRanked = [Bool](repeating: false, count: states.count)
      for entry in ordered { isRanked[entry.candidate] = true }
      ranking += states.indices.filter { !isRanked[$0] }.prefix((limit ?? .max) - ranking.count).map { unknown($0) }
    }
    return ranking
  }

  private func unknown(_ candidate: Int) -> Prediction {
    Prediction(
      candidate: candidate, predictedError: .infinity, lowerError: .infinity, upperError: .infinity,
      probabilityBestFraction: 0, status: status(of: candidate))
  }

  private func prediction(_ candidate: Int, _ final: FinalError, probabilityBest: Double) -> Prediction {
    let (lower, upper) = final.interval
    return Prediction(
      candidate: candidate, predictedError: final.error, lowerError: lower, upperError: upper,
      probabilityBestFraction: probabilityBest, status: status(of: candidate))
  }

  private func status(of candidate: Int) -> CandidateStatus {
    let state = states[candidate]
    if state.isGivenUp { return .givenUp }
    if state.openTrial != nil { return .running }
    if state.isStopped { return .stopped }
    guard let last = state.observations.last else { return .untried }
    return last.dataFraction >= 1 ? .complete : .observed
  }

  /// What the candidate's prediction rests on.
  public func evidence(of candidate: Int) -> Evidence {
    let (observations, fit) = (states[candidate].observations, knowledge.fits[candidate])
    return Evidence(
      observations: observations, regimePointCount: fit?.count ?? 0,
      fitMeanSquareLogError: fit.flatMap { $0.count >= 3 ? $0.meanSquare : nil }, slope: fit?.slope,
      extrapolationRatio: observations.last.map { 1 / $0.dataFraction })
  }
}
