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

  /// Changes rules and budget while the search runs.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool`; nothing is then changed. O(combinations) with new rules.
  package mutating func revise(_ revision: SearchRevision) throws(RequestError) -> RevisedSearch {
    var result = RevisedSearch(stopReasonBefore: engine.stopReason)
    var (revised, newEngine) = (pool, engine)
    if let constraints = revision.constraints {
      let broken = try revised.revise(constraints)
      let changed = newEngine.setExcluded { broken[$0] }
      (result.excluded, result.readmitted) = (changed.excluded, changed.readmitted)
    }
    let newClustering = clustering.extended(to: revised)
    result.added = Array(pool.candidates.count..<revised.candidates.count)
    do throws(SelectionError) {
      if !result.added.isEmpty {
        try newEngine.add(
          result.added.map { Candidate(revised.candidates[$0], settings) },
          clusterIndices: result.added.map { newClustering.clusterOfCandidate[$0] })
      }
      if let budget = revision.budget { try newEngine.revise(budget) }
    } catch {
      throw RequestError(error, path: "search")
    }
    apply(revised, newClustering, newEngine)
    log.append(.revised(revision))
    result.stopReason = engine.stopReason
    return result
  }
}
