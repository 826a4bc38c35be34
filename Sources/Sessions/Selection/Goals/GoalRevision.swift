internal import Basics
internal import ModelSelection

/// What `search/revise` changes of one metric; nil leaves a part as it is.
package struct GoalRevision: Sendable, Equatable {
  package enum Floor: Sendable, Equatable {
    case lifted
    case at(Double)
  }

  package let name: String
  package var weight: Double?
  package var floor: Floor?

  package init(name: String, weight: Double?, floor: Floor?) {
    self.name = name
    self.weight = weight
    self.floor = floor
  }
}

/// What other weights and floors changed.
package struct RevisedGoals: Sendable, Equatable {
  /// Reports that were combined again.
  package var rescoredCount = 0
  /// Candidates that were closed and may be trained again, and those that miss a floor by what they scored.
  package var reopenedCount = 0
  package var belowFloorCount = 0
  /// The suggestion before and after; nil before the first observation.
  package var suggestionBefore: RankedCandidate?
  package var suggestion: RankedCandidate?
}

extension SelectionTask {
  /// The metrics with other weights and floors.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool`.
  func goals(revisedBy revisions: [GoalRevision]) throws(RequestError) -> [TaskGoal] {
    guard !goals.isEmpty else {
      throw RequestError(
        .invalidPool, path: "metrics", expected: "a task with metrics", found: "a task with one metric",
        fix: "submit a pool whose task has metrics to another session")
    }
    var revised = goals
    for (index, revision) in revisions.enumerated() {
      let path = "metrics[\(index)]"
      guard let place = goals.firstIndex(where: { ExactString($0.metric.name) == ExactString(revision.name) }) else {
        throw RequestError(
          .invalidPool, path: "\(path).name",
          expected: "a metric of the task: \(Preview.list(goals.map(\.metric.name)))",
          found: Preview.quoted(revision.name), fix: "correct its name")
      }
      if let weight = revision.weight { revised[place].weight = weight }
      switch revision.floor {
      case .lifted: revised[place].floor = nil
      case .at(let floor):
        let metric = goals[place].metric
        guard metric.range.contains(floor) else {
          throw RequestError(
            .invalidPool, path: "\(path).floor",
            expected: "a score in \(metric.rangeText), the range of \(Preview.quoted(metric.name))",
            found: "\(floor)", fix: "correct the floor")
        }
        revised[place].floor = floor
      case nil: break
      }
    }
    guard revised.contains(where: { $0.weight > 0 }) else {
      throw RequestError(
        .invalidPool, path: "metrics", expected: "a metric with a weight above 0", found: "none",
        fix: "leave one metric its weight")
    }
    return revised
  }
}

extension SearchLog {
  /// The scores of every report, combined by a task's weights.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool` where a report lacks a metric that counts now. O(reports).
  func rescored(for task: SelectionTask) throws(RequestError) -> [RescoredReport: Search.Rescored] {
    var rescored: [RescoredReport: Search.Rescored] = [:]
    var lacking = [Int](repeating: 0, count: task.goals.count)
    for place in 0..<reportCount {
      let report = report(at: place)
      guard let scores = report.scores else { continue }
      let readings = task.readings(scores, report.noise)
      guard readings.error.isFinite else { continue }
      for (goal, score) in scores.scores.enumerated() where score == nil { lacking[goal] += 1 }
      rescored[RescoredReport(trial: report.trial, step: report.step)] = Search.Rescored(
        error: readings.error, score: readings.score, logErrorDeviation: readings.logErrorDeviation)
    }
    if let goal = task.goals.indices.first(where: { task.goals[$0].isNeeded && lacking[$0] > 0 }) {
      throw RequestError(
        .invalidPool, path: "metrics",
        expected: "weights and floors of metrics that every report so far has",
        found: "\(Preview.quoted(task.goals[goal].metric.name)), which \(lacking[goal]) of \(reportCount) reports lack",
        fix: "leave its weight 0 and its floor out")
    }
    return rescored
  }
}

/// A report by its name.
struct RescoredReport: Hashable {
  let trial: TrialID
  let step: Int
}
