package import Basics
internal import ModelSelection

/// One of several metrics of a task.
package struct TaskGoal: Sendable, Equatable {
  /// Its range has two ends.
  package let metric: Metric
  /// How much it counts in the combined score, at least 0.
  package var weight: Double
  /// The worst score that is acceptable; nil where any is.
  package var floor: Double?

  package init(metric: Metric, weight: Double = 1, floor: Double? = nil) {
    self.metric = metric
    self.weight = weight
    self.floor = floor
  }

  /// Whether reports must have it.
  var isNeeded: Bool { weight > 0 || floor != nil }
}

/// Scores of one report, by the order of the task's metrics.
package struct MetricScores: Sendable, Equatable {
  /// Nil where a report lacks the metric; not finite where training diverged.
  package let scores: [Double?]
  /// Standard errors where the client states them; empty where it states none.
  package let standardErrors: [Double?]

  package init(scores: [Double?], standardErrors: [Double?] = []) {
    self.scores = scores
    self.standardErrors = standardErrors
  }
}

/// Scores by name, as a report has them.
package typealias NamedNumbers = [(name: ExactString, value: Double)]

extension SelectionTask {
  /// A task with several metrics. ``metric`` is then the combined score: the mean, by weight, of what each score
  /// reaches of its range, from 0 to 1, higher being better.
  ///
  /// - Precondition: some weight is above 0.
  package init(name: String, goals: [TaskGoal], floorProbabilityFraction: Double, alignmentSampleCount: Int) {
    self.init(name: name, metric: Self.combined(goals), alignmentSampleCount: alignmentSampleCount)
    self.goals = goals
    self.floorProbabilityFraction = floorProbabilityFraction
  }

  /// The odds are combined where all metrics that count are measured by them.
  private static func combined(_ goals: [TaskGoal]) -> Metric {
    let odds = goals.filter { $0.weight > 0 }.allSatisfy { $0.metric.transform == .odds }
    return Metric(name: "combined score", direction: .maximize, range: 0...1, transform: odds ? .odds : .distance)
  }

  /// The same task with other weights and floors.
  func revised(_ goals: [TaskGoal], floorProbabilityFraction: Double) -> SelectionTask {
    var task = SelectionTask(
      name: name, goals: goals, floorProbabilityFraction: floorProbabilityFraction,
      alignmentSampleCount: alignmentSampleCount)
    task.curve = curve
    return task
  }

  /// What the engine is to keep.
  var engineGoals: Goals {
    Goals(
      ceilings: goals.map { goal in goal.floor.map { goal.metric.error(ofScore: $0) } },
      probabilityFraction: floorProbabilityFraction)
  }

  /// Scores by name in the order of the metrics.
  ///
  /// - Throws: ``RequestError`` of kind `invalidReport` for a name that is unknown or missing, and for a score outside
  ///   of its metric's range.
  package func metricScores(
    _ scores: NamedNumbers, standardErrors: NamedNumbers?
  ) throws(RequestError) -> MetricScores {
    guard !goals.isEmpty else {
      throw RequestError(
        .invalidReport, path: "scores", expected: "score, as the task has one metric", found: "scores",
        fix: "report the score of \(Preview.quoted(metric.name)) as score")
    }
    let values = try placed(scores, "scores")
    for (goal, value) in zip(goals, values) {
      let path = "scores.\(Preview.cut(goal.metric.name))"
      guard let value else {
        if !goal.isNeeded { continue }
        throw RequestError(
          .invalidReport, path: path,
          expected: "a score, because the metric has \(goal.weight > 0 ? "a weight above 0" : "a floor")",
          found: "nothing", fix: "report it with every score")
      }
      guard !value.isFinite || goal.metric.range.contains(value) else {
        throw RequestError(
          .invalidReport, path: path,
          expected: "a score in \(goal.metric.rangeText), the range of \(Preview.quoted(goal.metric.name))",
          found: "\(value)", fix: "check the unit, or state another range in pool/submit")
      }
    }
    return MetricScores(
      scores: values,
      standardErrors: try standardErrors.map { (errors) throws(RequestError) in
        try placed(errors, "standardErrors")
      } ?? [])
  }

  private func placed(_ numbers: NamedNumbers, _ path: String) throws(RequestError) -> [Double?] {
    var values = [Double?](repeating: nil, count: goals.count)
    for number in numbers {
      guard let place = goals.firstIndex(where: { ExactString($0.metric.name) == number.name }) else {
        throw RequestError(
          .invalidReport, path: "\(path).\(Preview.cut(number.name.text))",
          expected: "a metric of the task: \(Preview.list(goals.map(\.metric.name)))",
          found: Preview.quoted(number.name), fix: "correct its name, or leave it out")
      }
      values[place] = number.value
    }
    return values
  }

  /// The combined score, and how far it is from 1: the mean by weight of the distances, each as a share of its range.
  /// Not finite where a score is not.
  func combined(_ scores: [Double?]) -> (score: Double, distance: Double) {
    var (sum, total) = (0.0, 0.0)
    for (goal, score) in zip(goals, scores) {
      guard let score else { continue }
      guard score.isFinite else { return (score, .infinity) }
      guard goal.weight > 0 else { continue }
      let range = goal.metric.range
      sum += goal.weight * (goal.metric.distance(ofScore: score) / (range.upperBound - range.lowerBound))
      total += goal.weight
    }
    let distance = sum / total
    return (1 - distance, distance)
  }

  /// What the engine takes of a report with several scores.
  func readings(_ scores: MetricScores, _ noise: TrialReport.Noise?) -> GoalReadings {
    let (score, distance) = combined(scores.scores)
    guard score.isFinite else { return GoalReadings(error: .infinity, score: score) }
    let errors = standardErrors(scores, noise)
    return GoalReadings(
      error: metric.error(ofDistance: distance, score: score), score: score,
      logErrorDeviation: combinedStandardError(errors).flatMap {
        metric.logErrorDeviation(ofScore: score, .standardError($0))
      },
      goalErrors: zip(goals, scores.scores).map { goal, score in
        score.map { goal.metric.error(ofScore: $0) } ?? .infinity
      },
      goalDeviations: errors.isEmpty
        ? []
        : goals.indices.map { place in
          guard let score = scores.scores[place], let error = errors[place] else { return 0 }
          return goals[place].metric.logErrorDeviation(ofScore: score, .standardError(error)) ?? 0
        })
  }

  /// The standard error of each score, as far as it is known; empty where none is.
  private func standardErrors(_ scores: MetricScores, _ noise: TrialReport.Noise?) -> [Double?] {
    guard case .exampleCount = noise, let noise else { return scores.standardErrors }
    return zip(goals, scores.scores).map { goal, score in
      score.flatMap { goal.metric.standardError(ofScore: $0, noise) }
    }
  }

  /// The greatest standard error that the combined score may have; nil where one that counts is not known. Scores of
  /// one evaluation are off together, so their errors are added.
  private func combinedStandardError(_ errors: [Double?]) -> Double? {
    guard !errors.isEmpty else { return nil }
    var (sum, total) = (0.0, 0.0)
    for (goal, error) in zip(goals, errors) where goal.weight > 0 {
      guard let error else { return nil }
      sum += goal.weight * error / (goal.metric.range.upperBound - goal.metric.range.lowerBound)
      total += goal.weight
    }
    return sum / total
  }
}

/// A report with several scores as the engine takes it.
struct GoalReadings {
  var error: Double
  var score: Double
  var logErrorDeviation: Double?
  var goalErrors: [Double] = []
  var goalDeviations: [Double] = []
}
