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
  /// What the pool does not have, where the name is unknown.
  package var name: PoolName?
}

/// A name that rules use for something in a pool.
package struct PoolName: Sendable, Equatable {
  package enum Kind: Sendable { case encoder, projector, languageModel, licence, tag }

  package let kind: Kind
  package let text: String

  package init(kind: Kind, text: String) { (self.kind, self.text) = (kind, text) }

  /// That the pool does not have it.
  package var isMissingText: String {
    switch kind {
    case .encoder: "the pool has no encoder \(Preview.quoted(text))"
    case .projector: "the pool has no projector \(Preview.quoted(text))"
    case .languageModel: "the pool has no language model \(Preview.quoted(text))"
    case .licence: "no part has the licence \(Preview.quoted(text))"
    case .tag: "no part has the tag \(Preview.quoted(text))"
    }
  }
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
  /// The names that the pool has for one kind of thing. O(parts).
  package func names(_ kind: PoolName.Kind) -> [String] {
    switch kind {
    case .encoder: encoders.map(\.id)
    case .projector: projectors.map(\.id)
    case .languageModel: languageModels.map(\.id)
    case .licence: (encoders + projectors + languageModels).compactMap(\.licence)
    case .tag: (encoders + projectors + languageModels).flatMap(\.tags)
    }
  }

  /// O(parts).
  package func has(_ name: PoolName) -> Bool {
    names(name.kind).contains { ExactString($0) == ExactString(name.text) }
  }

  /// Names in the rules that no part of the pool has. O(names + parts).
  package var ruleDiagnostics: [SelectionDiagnostic] {
    var found: [SelectionDiagnostic] = []
    func check(_ names: [String], _ kind: PoolName.Kind, _ field: String, _ part: String = "") {
      guard !names.isEmpty else { return }
      let known = Set(self.names(kind).map { ExactString($0) })
      for (index, text) in names.enumerated() where !known.contains(ExactString(text)) {
        let name = PoolName(kind: kind, text: text)
        found.append(
          SelectionDiagnostic(
            kind: .unknownName, path: "constraints.\(field)[\(index)]\(part)", message: name.isMissingText, name: name))
      }
    }
    func check(_ pairs: [ComponentPair], _ field: String) {
      check(pairs.map(\.encoder), .encoder, field, "[0]")
      check(pairs.map(\.languageModel), .languageModel, field, "[1]")
    }
    check(constraints.allowedLicences ?? [], .licence, "allowedLicences")
    check(constraints.deniedLicences, .licence, "deniedLicences")
    check(constraints.deniedTags, .tag, "deniedTags")
    check(constraints.allowedPairs ?? [], "allowedPairs")
    check(constraints.deniedPairs, "deniedPairs")
    return Array(found.prefix(16))
  }
}
