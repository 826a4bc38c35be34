internal import Basics
internal import ModelSelection

/// What candidates are compared by in a Pareto set.
package enum ParetoObjective: String, Sendable, CaseIterable {
  case score, latencySeconds, memoryBytes, parameterCount, costWeight
}

/// The candidates that no other candidate beats in every objective.
package struct ParetoSet: Sendable, Equatable {
  package let objectives: [ParetoObjective]
  /// The metrics that candidates were compared by.
  package let metrics: [String]
  /// By predicted score, the best first.
  package let candidates: [Member]
  /// Candidates without a prediction or without a figure of an objective, which cannot be compared.
  package let incomparableCount: Int
  /// Candidates that reach the floor with too low a probability.
  package let belowFloorCount: Int

  package struct Member: Sendable, Equatable {
    package let ranked: RankedCandidate
    package let latencySeconds: Double?
    package let memoryBytes: Int?
    package let parameterCount: Int?
    package let costWeight: Double
    /// Nil without a floor.
    package let probabilityAboveFloorFraction: Double?
  }
}

/// The smallest score that a member of a Pareto set must reach, and with what probability.
package struct ScoreFloor: Sendable, Equatable {
  package let score: Double
  package let probabilityFraction: Double

  package init(score: Double, probabilityFraction: Double) {
    (self.score, self.probabilityFraction) = (score, probabilityFraction)
  }
}

extension ModelSearch {
  /// The Pareto set of the candidates that are still in the search, by predicted medians.
  ///
  /// - Parameters:
  ///   - objectives: nil for every figure that all parts of all candidates state, and the score where no metrics are
  ///     compared.
  ///   - metrics: names of the task's metrics; nil for all of them where objectives are nil too, else for none.
  /// - Throws: ``RequestError`` of kind `invalidPool` for a metric that the task does not have.
  /// - Complexity: O(candidates x members) comparisons at worst, after sorting.
  package func paretoSet(
    _ objectives: [ParetoObjective]?, metrics names: [String]? = nil, floor: ScoreFloor?,
    floorProbabilityFraction: Double = 0.9
  ) throws(RequestError) -> ParetoSet {
    let metrics = try places(of: names ?? (objectives == nil ? pool.task.goals.map(\.metric.name) : []))
    let predictions = engine.ranking().filter { !engine.isGivenUp($0.candidate) }
    let objectives =
      objectives ?? (metrics.isEmpty ? statedObjectives : names != nil ? [] : statedObjectives.filter { $0 != .score })
    var members: [ParetoSet.Member] = []
    var (costs, incomparable, belowFloor): ([[Double]], Int, Int) = ([], 0, 0)
    for prediction in predictions {
      let member = member(prediction, floor)
      if let floor, let probability = member.probabilityAboveFloorFraction, probability < floor.probabilityFraction {
        belowFloor += 1
        continue
      }
      if let probability = prediction.probabilityKeptFraction, probability < floorProbabilityFraction {
        belowFloor += 1
        continue
      }
      let predicted = metrics.map { metric in
        prediction.goals.first { $0.goal == metric }.map(\.predictedError)
      }
      let cost = predicted + objectives.map { $0 == .score ? finiteError(prediction) : member.figure(of: $0) }
      guard cost.allSatisfy({ $0 != nil }), prediction.predictedError.isFinite || !objectives.contains(.score) else {
        incomparable += 1
        continue
      }
      members.append(member)
      costs.append(cost.compactMap { $0 })
    }
    return ParetoSet(
      objectives: objectives, metrics: metrics.map { pool.task.goals[$0].metric.name },
      candidates: undominated(costs).map { members[$0] }, incomparableCount: incomparable,
      belowFloorCount: belowFloor)
  }

  /// The places of metrics by their names.
  private func places(of names: [String]) throws(RequestError) -> [Int] {
    var places: [Int] = []
    for (index, name) in names.enumerated() {
      guard let place = pool.task.goals.firstIndex(where: { ExactString($0.metric.name) == ExactString(name) }) else {
        let known = pool.task.goals.map(\.metric.name)
        throw RequestError(
          .invalidPool, path: "metrics[\(index)]",
          expected: known.isEmpty ? "no metrics, as the task has one" : "a metric of the task: \(Preview.list(known))",
          found: Preview.quoted(name), fix: "correct its name, or leave it out")
      }
      places.append(place)
    }
    return places
  }

  /// The score, and the figures that all candidates have.
  private var statedObjectives: [ParetoObjective] {
    let parts = pool.encoders + pool.projectors + pool.languageModels
    let models = pool.encoders + pool.languageModels
    return ParetoObjective.allCases.filter { objective in
      switch objective {
      case .score: true
      case .latencySeconds: models.allSatisfy { $0.latencySeconds != nil }
      case .memoryBytes: models.allSatisfy { $0.memoryBytes != nil }
      case .parameterCount: parts.allSatisfy { $0.parameterCount != nil }
      case .costWeight: pool.costBasis == .costWeight
      }
    }
  }

  private func finiteError(_ prediction: Prediction) -> Double? {
    prediction.predictedError.isFinite ? prediction.predictedError : nil
  }

  private func member(_ prediction: Prediction, _ floor: ScoreFloor?) -> ParetoSet.Member {
    let parts = pool.parts(of: prediction.candidate).map(\.component)
    let latencies = parts.compactMap(\.latencySeconds)
    let parameters = parts.compactMap(\.parameterCount)
    let candidate = pool.candidates[prediction.candidate]
    return ParetoSet.Member(
      ranked: ranked(prediction), latencySeconds: latencies.isEmpty ? nil : latencies.reduce(0, +),
      memoryBytes: candidate.memoryBytes, parameterCount: parameters.isEmpty ? nil : parameters.reduce(0, +),
      costWeight: candidate.costWeight, probabilityAboveFloorFraction: floor.flatMap { probability(prediction, $0) })
  }

  /// The probability that a candidate reaches the floor: its log error is normal with the median and the interval of
  /// the prediction. Nil without a prediction.
  private func probability(_ prediction: Prediction, _ floor: ScoreFloor) -> Double? {
    guard prediction.predictedError.isFinite else { return nil }
    let (log, least) = (PortableMath.log, Double.leastNormalMagnitude)
    let bound = log(max(pool.task.metric.error(ofScore: floor.score), least))
    let median = log(max(prediction.predictedError, least))
    let (lower, upper) = (max(prediction.lowerError, least), min(prediction.upperError, .greatestFiniteMagnitude))
    // The interval of probability 0.9 spans 2 x 1.645 standard deviations.
    let deviation = max((log(max(upper, lower)) - log(lower)) / 3.289707253902945, 1e-12)
    return PortableMath.normalProbability(below: (bound - median) / deviation)
  }
}

extension ParetoSet.Member {
  fileprivate func figure(of objective: ParetoObjective) -> Double? {
    switch objective {
    case .score: nil
    case .latencySeconds: latencySeconds
    case .memoryBytes: memoryBytes.map(Double.init)
    case .parameterCount: parameterCount.map(Double.init)
    case .costWeight: costWeight
    }
  }
}

/// The positions of the cost vectors that no other is at most equal to in every cost and below in one, in their order.
/// O(n x result) comparisons at worst, after sorting.
func undominated(_ costs: [[Double]]) -> [Int] {
  // In lexicographic order a vector can only be dominated by one before it.
  let order = costs.indices.sorted { costs[$0].lexicographicallyPrecedes(costs[$1]) }
  var front: [Int] = []
  for candidate in order {
    let isDominated = front.contains { other in
      costs[other] != costs[candidate] && zip(costs[other], costs[candidate]).allSatisfy { $0 <= $1 }
    }
    if !isDominated { front.append(candidate) }
  }
  return front.sorted()
}
