internal import Basics
internal import ModelSelection

/// A sign that the task or the pool is not described as it is meant; nothing is refused because of it.
package struct SelectionDiagnostic: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// Scores move away from the best possible one with more data.
    case metricDirection
    /// Scores use a small part of the metric's range.
    case metricRange
    /// A rule names something that no part has.
    case unknownName
  }

  package let kind: Kind
  /// The param that it is about, as in `constraints.deniedTags[0]`.
  package let path: String
  package let message: String
}

/// What the scores reported so far say about the declared metric.
struct MetricCheck: Sendable {
  private static let leastCount = 5

  /// The first score of each candidate that has one, and its data.
  private var firsts: [Int: (dataFraction: Double, error: Double)] = [:]
  /// For each candidate with more data than at its first score whether its error rose since.
  private var hasRisen: [Int: Bool] = [:]
  private var scores: ClosedRange<Double>?
  private var count = 0

  mutating func record(_ score: Double, at dataFraction: Double, candidate: Int, _ metric: Metric) {
    guard score.isFinite else { return }
    count += 1
    scores =
      scores.map { min($0.lowerBound, score)...max($0.upperBound, score) } ?? score...score
    let error = metric.error(ofScore: score)
    guard let first = firsts[candidate] else {
      firsts[candidate] = (dataFraction, error)
      return
    }
    // With less than a doubling of the data, noise may hide learning.
    if dataFraction >= 2 * first.dataFraction { hasRisen[candidate] = error > first.error }
  }

  /// - Parameter path: the param of pool/submit that declares the metric.
  func diagnostics(_ metric: Metric, _ path: String) -> [SelectionDiagnostic] {
    var found: [SelectionDiagnostic] = []
    let risen = hasRisen.values.count { $0 }
    if hasRisen.count >= Self.leastCount, risen * 5 >= hasRisen.count * 4 {
      found.append(
        SelectionDiagnostic(
          kind: .metricDirection, path: "\(path).direction",
          message: "\(risen) of \(hasRisen.count) candidates score worse with more data; "
            + "check whether \(Preview.quoted(metric.name)) is to be \(metric.direction.rawValue)d"))
    }
    let width = metric.range.upperBound - metric.range.lowerBound
    if let scores, count >= Self.leastCount, width.isFinite, width >= 20, scores.lowerBound >= 0, scores.upperBound <= 1
    {
      found.append(
        SelectionDiagnostic(
          kind: .metricRange, path: "\(path).range",
          message: "all \(count) scores lie in 0...1, "
            + "the range of \(Preview.quoted(metric.name)) is \(metric.rangeText); "
            + "check whether scores are fractions and the range is in percent"
        ))
    }
    return found
  }
}

extension ModelSearch {
  /// What seems wrong with the description of task and pool.
  package var diagnostics: [SelectionDiagnostic] {
    guard !pool.task.goals.isEmpty else {
      return metricChecks[0].diagnostics(pool.task.metric, "task.metric") + pool.ruleDiagnostics
    }
    return zip(metricChecks, pool.task.goals).enumerated().flatMap { place, check in
      check.0.diagnostics(check.1.metric, "task.metrics[\(place)]")
    } + pool.ruleDiagnostics
  }

  /// Takes in what an accepted report says of the metrics.
  mutating func check(_ report: TrialReport) {
    let candidate = assignment(of: report.trial).candidate
    guard let scores = report.scores else {
      return metricChecks[0].record(
        report.score, at: report.dataFraction, candidate: candidate, pool.task.metric)
    }
    for (place, score) in scores.scores.enumerated() {
      guard let score else { continue }
      metricChecks[place].record(
        score, at: report.dataFraction, candidate: candidate, pool.task.goals[place].metric)
    }
  }
}

extension CandidatePool {
  /// Names in the rules that no part of the pool has. O(names + parts).
  package var ruleDiagnostics: [SelectionDiagnostic] {
    let parts = encoders + projectors + languageModels
    let licences = Set(parts.compactMap(\.licence))
    let tags = Set(parts.flatMap(\.tags))
    let (encoderIDs, languageModelIDs) = (Set(encoders.map(\.id)), Set(languageModels.map(\.id)))
    var found: [SelectionDiagnostic] = []
    func check(_ names: [String], _ known: Set<String>, _ field: String, _ what: String) {
      for (index, name) in names.enumerated() where !known.contains(name) {
        found.append(
          SelectionDiagnostic(
            kind: .unknownName, path: "constraints.\(field)[\(index)]",
            message: "no part has the \(what) \(Preview.quoted(name))"))
      }
    }
    func check(_ pairs: [ComponentPair], _ field: String) {
      for (index, pair) in pairs.enumerated() {
        let unknown = encoderIDs.contains(pair.encoder) ? pair.languageModel : pair.encoder
        guard !encoderIDs.contains(pair.encoder) || !languageModelIDs.contains(pair.languageModel) else { continue }
        found.append(
          SelectionDiagnostic(
            kind: .unknownName, path: "constraints.\(field)[\(index)]",
            message: "the pool has no \(Preview.quoted(unknown))"))
      }
    }
    check(constraints.allowedLicences ?? [], licences, "allowedLicences", "licence")
    check(constraints.deniedLicences, licences, "deniedLicences", "licence")
    check(constraints.deniedTags, tags, "deniedTags", "tag")
    check(constraints.allowedPairs ?? [], "allowedPairs")
    check(constraints.deniedPairs, "deniedPairs")
    return Array(found.prefix(16))
  }
}
