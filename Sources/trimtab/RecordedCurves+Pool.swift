internal import Basics
internal import ModelSelection
internal import Sessions

// Curves as candidates: on their own, or those of a pool.

extension RecordedCurves {
  /// The curves as a pool of their own: one cluster for each group, its middle member by cost as medoid.
  ///
  /// - Parameter hasStarts: whether candidates state what their starts take.
  func ownPool(hasStarts: Bool) throws(SelectionError) -> Pool {
    let candidates = curves.enumerated().map { index, curve in
      Candidate(
        encoder: index, languageModel: 0, costWeight: curve.fullCost,
        startGPUSeconds: hasStarts ? curve.startCost : nil)
    }
    var groups: [(name: String, members: [Int])] = []
    for (index, curve) in curves.enumerated() {
      if let known = groups.firstIndex(where: { ExactString($0.name) == ExactString(curve.group) }) {
        groups[known].members.append(index)
      } else {
        groups.append((curve.group, [index]))
      }
    }
    return try Pool(
      candidates: candidates,
      clusters: groups.map { group in
        let order = group.members.sorted { (candidates[$0].costWeight, $0) < (candidates[$1].costWeight, $1) }
        return Cluster(members: group.members, medoid: order[order.count / 2])
      })
  }

  /// The curves of a pool's candidates, in their order and as scores of its metric, and the names of those left over.
  ///
  /// A curve belongs to the candidate of the same name, or whose only part that differs between candidates has that
  /// name.
  ///
  /// - Throws: ``CommandFailure`` when a candidate has no curve, or a value is no score of the metric.
  func matched(to pool: CandidatePool) throws(CommandFailure) -> (curves: RecordedCurves, unused: [String]) {
    guard pool.task.goals.isEmpty else {
      throw bad(
        "a pool with one metric, because the file has one score for each evaluation",
        "a pool with \(pool.task.goals.count) metrics; state `metric` in its task instead of `metrics`")
    }
    let place = Dictionary(uniqueKeysWithValues: curves.enumerated().map { ($1.name, $0) })
    var (found, missing): ([Curve], [String]) = ([], [])
    var used: Set<Int> = []
    for candidate in pool.candidates.indices {
      let names = Self.names(of: candidate, in: pool)
      guard let index = names.lazy.compactMap({ place[$0] }).first else {
        missing.append(names[0])
        continue
      }
      guard used.insert(index).inserted else {
        throw bad("a curve for each candidate", "\(curves[index].name) for two; make the names of models differ")
      }
      var curve = curves[index]
      curve.name = names[0]
      for position in curve.evaluations.indices {
        let value = curve.evaluations[position].value
        guard let score = score(value, pool.task.metric) else {
          throw bad(
            "scores in \(pool.task.metric.rangeText), the range of \"\(pool.task.metric.name)\"",
            "\(value) for \(curve.name) at \(curve.evaluations[position].fraction); correct the file or the pool's metric"
          )
        }
        curve.evaluations[position].value = score
        let width = pool.task.metric.range.upperBound - pool.task.metric.range.lowerBound
        if measure == .errorFraction, width.isFinite { curve.evaluations[position].standardError? *= width }
      }
      found.append(curve)
    }
    guard missing.isEmpty else {
      throw bad(
        "a curve for each of the pool's \(pool.candidates.count) candidates",
        "none for \(missing.count): \(Self.listed(missing)); record them, or leave them out of the pool")
    }
    return (with(found, .score), curves.indices.filter { !used.contains($0) }.map { curves[$0].name })
  }

  /// The names by which a candidate's curve may be found, the whole name first.
  private static func names(of candidate: Int, in pool: CandidatePool) -> [String] {
    let name = pool.name(of: candidate)
    var names = [[name.encoder, name.projector, name.languageModel].compactMap { $0 }.joined(separator: separator)]
    if pool.projectors.count <= 1 {
      if pool.encoders.count == 1 { names.append(name.languageModel) }
      if pool.languageModels.count == 1 { names.append(name.encoder) }
    }
    return names
  }

  private func score(_ value: Double, _ metric: Metric) -> Double? {
    let width = metric.range.upperBound - metric.range.lowerBound
    switch measure {
    case .score: return metric.range.contains(value) ? value : nil
    case .error: return metric.score(atDistance: value)
    case .errorFraction: return metric.score(atDistance: width.isFinite ? value * width : value)
    }
  }

  private func bad(_ expected: String, _ found: String) -> CommandFailure {
    CommandFailure(status: .badInput, message: "\(path): expected \(expected), found \(found)")
  }

  /// The first names of a list, for a person.
  static func listed(_ names: [String]) -> String {
    names.prefix(4).joined(separator: ", ") + (names.count > 4 ? " and \(names.count - 4) more" : "")
  }
}
