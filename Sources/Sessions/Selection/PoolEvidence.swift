internal import Basics
package import ModelSelection

/// What is known of candidates or of their parts from outside a search, by source.
package struct PoolEvidence: Sendable, Equatable {
  package var sources: [Source]

  package init(sources: [Source]) { self.sources = sources }

  /// Figures from one place that can be compared with each other.
  package struct Source: Sendable, Equatable {
    /// A later source of the same name replaces this one.
    package let name: String
    package let kind: EvidenceSource.Kind
    /// Which figures are better.
    package let direction: Metric.Direction
    package let scores: [Score]

    package init(name: String, kind: EvidenceSource.Kind, direction: Metric.Direction, scores: [Score]) {
      (self.name, self.kind, self.direction, self.scores) = (name, kind, direction, scores)
    }
  }

  /// A figure of all candidates that have the named parts.
  package struct Score: Sendable, Equatable {
    package let encoder: String?
    package let projector: String?
    package let languageModel: String?
    package let score: Double

    package init(encoder: String?, projector: String?, languageModel: String?, score: Double) {
      (self.encoder, self.projector, self.languageModel) = (encoder, projector, languageModel)
      self.score = score
    }
  }
}

/// What a session made of evidence.
package struct EvidenceSummary: Sendable, Equatable {
  package var sources: [Source] = []
  /// How far evidence is expected to correlate with final errors, in 0...1.
  package var expectedCorrelation = 0.0
  /// The probability that it says anything of this pool.
  package var probabilityInformative = 0.0
  /// Whether all of it was known before.
  package var isDuplicate = false

  package struct Source: Sendable, Equatable {
    package let name: String
    /// Candidates that it says something of.
    package let candidateCount: Int
    /// Scores of parts that the pool does not have.
    package let unmatchedCount: Int
  }
}

extension ModelSearch {
  /// Takes evidence. A source replaces the one of its name, and one without scores withdraws it.
  ///
  /// O(candidates x all sources).
  package mutating func submit(_ submitted: PoolEvidence) -> EvidenceSummary {
    let known = evidence
    for source in submitted.sources {
      let place = evidence.firstIndex { ExactString($0.name) == ExactString(source.name) }
      if let place, source.scores.isEmpty {
        evidence.remove(at: place)
      } else if let place {
        evidence[place] = source
      } else if !source.scores.isEmpty {
        evidence.append(source)
      }
    }
    var summary = EvidenceSummary()
    summary.isDuplicate = evidence == known
    if !summary.isDuplicate {
      applyEvidence()
      log.append(.evidence(submitted))
    }
    summary.sources = submitted.sources.map { source in
      let table = EvidenceTable(source)
      return EvidenceSummary.Source(
        name: source.name,
        candidateCount: pool.candidates.indices.count { table.value(of: pool.name(of: $0)) != nil },
        unmatchedCount: source.scores.count { !isInPool($0) })
    }
    if let weight = engine.evidenceWeight {
      (summary.expectedCorrelation, summary.probabilityInformative) = weight
    }
    return summary
  }

  package var evidenceSourceCount: Int { evidence.count }

  /// Tells the engine all evidence, by candidate; also after the pool has grown or the engine begun again.
  mutating func applyEvidence() {
    guard !evidence.isEmpty || !engine.evidence.isEmpty else { return }
    let names = pool.candidates.indices.map { pool.name(of: $0) }
    engine.setEvidence(
      evidence.map { source in
        let table = EvidenceTable(source)
        return EvidenceSource(kind: source.kind, values: names.map(table.value))
      })
  }

  private func isInPool(_ score: PoolEvidence.Score) -> Bool {
    func has(_ name: String?, _ list: [PoolComponent]) -> Bool {
      name.map { name in list.contains { ExactString($0.id) == ExactString(name) } } ?? true
    }
    return has(score.encoder, pool.encoders) && has(score.projector, pool.projectors)
      && has(score.languageModel, pool.languageModels)
  }
}

/// The scores of one source by the parts that they name.
private struct EvidenceTable {
  private var sums: [Parts: (sum: Double, count: Int)] = [:]
  private let sign: Double

  private struct Parts: Hashable {
    let encoder: ExactString?
    let projector: ExactString?
    let languageModel: ExactString?

    init(_ encoder: String?, _ projector: String?, _ languageModel: String?) {
      self.encoder = encoder.map { ExactString($0) }
      self.projector = projector.map { ExactString($0) }
      self.languageModel = languageModel.map { ExactString($0) }
    }
  }

  init(_ source: PoolEvidence.Source) {
    sign = source.direction == .maximize ? 1 : -1
    for score in source.scores {
      sums[Parts(score.encoder, score.projector, score.languageModel), default: (0, 0)].sum += score.score
      sums[Parts(score.encoder, score.projector, score.languageModel), default: (0, 0)].count += 1
    }
  }

  /// The figure of a candidate, greater being better: the mean of the scores that name most of its parts.
  func value(of name: CandidateName) -> Double? {
    let (encoder, projector, model) = (name.encoder, name.projector, name.languageModel)
    let levels = [
      [Parts(encoder, projector, model)],
      [Parts(encoder, nil, model), Parts(encoder, projector, nil), Parts(nil, projector, model)],
      [Parts(encoder, nil, nil), Parts(nil, projector, nil), Parts(nil, nil, model)],
    ]
    for level in levels {
      let found = Set(level).compactMap { sums[$0] }
      let count = found.reduce(0) { $0 + $1.count }
      if count > 0 { return sign * found.reduce(0) { $0 + $1.sum } / Double(count) }
    }
    return nil
  }
}
