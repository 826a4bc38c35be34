// What people and the session decide beside the strategy: which candidates take part, and what may be spent.
extension Search {
  /// Keeps a candidate from being stopped as hopeless, or lifts that. A candidate that was stopped may be trained
  /// again.
  public mutating func pin(_ candidate: Int, _ isPinned: Bool) {
    states[candidate].isPinned = isPinned
    guard isPinned, states[candidate].isStopped else { return }
    states[candidate].isStopped = false
    settle(isReopened: true)
  }

  /// Excludes a candidate from training and from the suggestion, or lifts that. Its open trial is stopped at its next
  /// report.
  public mutating func ban(_ candidate: Int, _ isBanned: Bool) {
    guard states[candidate].isBanned != isBanned else { return }
    states[candidate].isBanned = isBanned
    settle(isReopened: !isBanned)
  }

  /// Removes a candidate from the search for good.
  ///
  /// - Returns: its open trial, which has ended.
  public mutating func withdraw(_ candidate: Int) -> TrialID? {
    let open = states[candidate].openTrial
    end(candidate, .withdrawn)
    if let open {
      close(open, .ended(.withdrawn), isTimed: false, isReached: false)
    } else {
      settle(isReopened: false)
    }
    return open
  }

  /// Trains a candidate up to a fraction before anything else that the strategy wants, and never stops it before that.
  ///
  /// - Parameter isRepeat: whether it is trained from the start, with another seed; what is observed then is averaged
  ///   with what its other trainings showed.
  /// - Throws: ``SelectionError/candidateClosed(_:_:)`` when the candidate is closed, but for one that was stopped
  ///   because it can hardly be the best.
  public mutating func advance(
    _ candidate: Int, to fraction: Double, isRepeat: Bool = false
  ) throws(SelectionError) {
    if let closure = states[candidate].closure, !states[candidate].isOnlyStopped {
      throw .candidateClosed(candidate, closure)
    }
    states[candidate].isStopped = false
    states[candidate].requestedFraction = fraction
    // A training that was never begun needs no repetition.
    states[candidate].isRepeatRequested = isRepeat && states[candidate].isTried
    requested.removeAll { $0 == candidate }
    requested.append(candidate)
    settle(isReopened: true)
  }

  /// Ends the part of a candidate whose trials were lost too often.
  public mutating func setAsideAsLost(_ candidate: Int) {
    guard states[candidate].ending == nil else { return }
    end(candidate, .lostTooOften)
    settle(isReopened: false)
  }

  /// Replaces the budget. A limit may be below what is spent, which ends the search, or above a spent one, which
  /// continues it.
  ///
  /// - Throws: ``SelectionError/invalidSetting(field:expected:value:)``.
  public mutating func revise(_ budget: Budget) throws(SelectionError) {
    var revised = settings
    revised.budget = budget
    try revised.check()
    settings = revised
    ledger.budget = budget
  }

  /// Excludes the candidates that break revised rules, and readmits those that break none any more. O(candidates).
  ///
  /// - Returns: the candidates that were excluded and readmitted.
  public mutating func setExcluded(where breaksRule: (Int) -> Bool) -> (excluded: [Int], readmitted: [Int]) {
    var (excluded, readmitted): ([Int], [Int]) = ([], [])
    for candidate in states.indices {
      let isExcluded = breaksRule(candidate)
      guard states[candidate].breaksRule != isExcluded else { continue }
      states[candidate].breaksRule = isExcluded
      if isExcluded { excluded.append(candidate) } else { readmitted.append(candidate) }
    }
    if !excluded.isEmpty || !readmitted.isEmpty { settle(isReopened: !readmitted.isEmpty) }
    return (excluded, readmitted)
  }

  /// Sets the memory of the largest device that is or was offered; candidates that need more leave the search, and
  /// return when a larger device appears. O(candidates), and O(1) when nothing changes.
  public mutating func setLargestDevice(memoryBytes: Int) {
    guard memoryBytes != largestDeviceBytes else { return }
    largestDeviceBytes = memoryBytes
    var (isChanged, isReopened) = (false, false)
    for candidate in states.indices where updateFit(of: candidate) {
      isChanged = true
      if !states[candidate].fitsNoDevice { isReopened = true }
    }
    if isChanged { settle(isReopened: isReopened) }
  }

  /// - Returns: whether the candidate came to fit, or ceased to.
  @discardableResult
  mutating func updateFit(of candidate: Int) -> Bool {
    let fitsNoDevice = largestDeviceBytes.map { !need(of: candidate).isMet(by: $0) } ?? false
    // A candidate with an open trial has a device.
    guard states[candidate].openTrial == nil || !fitsNoDevice, states[candidate].fitsNoDevice != fitsNoDevice else {
      return false
    }
    states[candidate].fitsNoDevice = fitsNoDevice
    return true
  }

  /// Lets the candidate take no further part.
  mutating func end(_ candidate: Int, _ closure: CandidateClosure) {
    states[candidate].ending = closure
    if leader == candidate { leader = foundLeader }
  }

  /// Updates leader and strategy after candidates were closed or reopened.
  mutating func settle(isReopened: Bool) {
    leader = foundLeader
    // A rung that was complete may have to wait again.
    if isReopened { strategy.didGrowPool() }
    advanceStrategy()
  }

  /// The work that people asked for and that is left, the first request first.
  func visitRequestedWork(_ visit: (Work) -> Bool) {
    for candidate in requested where !states[candidate].isClosed {
      let isRepeat = states[candidate].isRepeatRequested
      guard let fraction = states[candidate].requestedFraction,
        isRepeat || states[candidate].curve.presentFraction < fraction * (1 - 1e-9)
      else { continue }
      let work = Work(candidate: candidate, fraction: fraction, rung: 0, phase: .requested, isRepeat: isRepeat)
      guard visit(work) else { return }
    }
  }
}
