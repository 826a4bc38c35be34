internal import ModelSelection

// What people decide while the search runs.
extension ModelSearch {
  /// Carries out a person's decision about a candidate.
  ///
  /// - Throws: ``RequestError`` of kind `unknownCandidate`, or `candidateClosed` when it cannot be trained further.
  package mutating func direct(
    _ name: CandidateName, _ directive: CandidateDirective
  ) throws(RequestError) -> DirectedCandidate {
    guard let candidate = pool.number(of: name) else {
      throw RequestError(
        .unknownCandidate, path: "candidate", expected: "a candidate of the pool", found: name.text,
        fix: "see suggestion/ranking for those there are")
    }
    var trial = engine.openTrial(of: candidate)
    switch directive {
    case .pin(let isPinned): engine.pin(candidate, isPinned)
    case .ban(let isBanned): engine.ban(candidate, isBanned)
    case .advance(let fraction, let isRepeat):
      do throws(SelectionError) {
        try engine.advance(candidate, to: fraction, isRepeat: isRepeat)
      } catch {
        throw RequestError(
          .candidateClosed, path: "candidate", expected: "a candidate that may be trained further",
          found: "\(name.text), which is closed: \(engine.closure(of: candidate)?.rawValue ?? "closed")",
          fix: "lift a ban with candidate/ban, revise the rules with search/revise, or choose another candidate")
      }
    case .withdraw:
      if let open = engine.withdraw(candidate) {
        trial = open
        close(open)
      }
    }
    log.append(.directed(name, directive))
    return DirectedCandidate(
      isPinned: engine.isPinned(candidate), closure: engine.closure(of: candidate), trial: trial,
      stopReason: engine.stopReason)
  }

  /// Changes rules, budget, and weights and floors of metrics while the search runs.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool`; nothing is then changed. O(combinations) with new rules,
  ///   O(reports) with new weights or floors.
  package mutating func revise(_ revision: SearchRevision) throws(RequestError) -> RevisedSearch {
    var result = RevisedSearch(stopReasonBefore: engine.stopReason)
    var (revised, newEngine) = (pool, engine)
    if let constraints = revision.constraints {
      let broken = try revised.revise(constraints)
      let changed = newEngine.setExcluded { broken[$0] }
      (result.excluded, result.readmitted) = (changed.excluded, changed.readmitted)
    }
    let task = try revisedTask(revision)
    let rescored = try task.map { (task) throws(RequestError) in try log.rescored(for: task) }
    let newClustering = clustering.extended(to: revised)
    result.added = Array(pool.candidates.count..<revised.candidates.count)
    do throws(SelectionError) {
      if !result.added.isEmpty {
        try newEngine.add(
          result.added.map { Candidate(revised.candidates[$0], settings) },
          clusterIndices: result.added.map { newClustering.clusterOfCandidate[$0] })
      }
      if let budget = revision.budget { try newEngine.revise(budget) }
      if let rescored, let task {
        let reopened = try newEngine.revise(task.engineGoals) { rescored[RescoredReport(trial: $0, step: $1)] }
        result.goals = RevisedGoals(
          rescoredCount: rescored.count, reopenedCount: reopened.count,
          suggestionBefore: suggestion.map { ranked($0.prediction) })
        revised.revise(task)
      }
    } catch {
      throw RequestError(error, path: "search")
    }
    apply(revised, newClustering, newEngine)
    if let before = result.goals {
      result.goals = before.followed(by: self)
    }
    log.append(.revised(revision))
    result.stopReason = engine.stopReason
    return result
  }

  /// The task with the weights and floors of a revision; nil where that has none.
  private func revisedTask(_ revision: SearchRevision) throws(RequestError) -> SelectionTask? {
    guard revision.goals != nil || revision.floorProbabilityFraction != nil else { return nil }
    let goals = try pool.task.goals(revisedBy: revision.goals ?? [])
    return pool.task.revised(
      goals, floorProbabilityFraction: revision.floorProbabilityFraction ?? pool.task.floorProbabilityFraction)
  }
}

extension RevisedGoals {
  /// The same with what a search says after the revision.
  fileprivate func followed(by search: ModelSearch) -> RevisedGoals {
    var after = self
    after.suggestion = search.suggestion.map { search.ranked($0.prediction) }
    after.belowFloorCount = search.pool.candidates.indices.count { search.engine.closure(of: $0) == .belowFloor }
    return after
  }
}
