internal import Basics
internal import JSON
package import ModelSelection

// Trials: what to train next, reports, and trials that end without a decision.
extension ModelSearch {
  /// The next trial of a worker that asks, or why there is none.
  ///
  /// - Throws: ``RequestError`` of kind `unknownGPU` or `busyGPU`.
  package mutating func next(_ request: TrialRequest) throws(RequestError) -> TrialOffer {
    try next(request, replaying: nil).offer
  }

  /// The same where the trial is known that was given out; also whether this version would have given out another.
  package mutating func next(
    _ request: TrialRequest, replaying known: GivenTrial?
  ) throws(RequestError) -> (offer: TrialOffer, isOtherwise: Bool) {
    let work = known.flatMap { known in pool.number(of: known.candidate).map { ($0, known.toFraction) } }
    let before = engine.spending.wallSeconds
    let now = max(before, request.elapsedSeconds ?? 0)
    let silent = roster.expired(at: now, leaseSeconds: settings.leaseSeconds)
    if let trial = roster.openTrial(of: request.worker), !silent.contains(trial) {
      // A worker that asks again has restarted, and holds nothing.
      return (.trial(openTrial(trial, mayBeHeld: false), isRepeated: true), known != nil)
    }
    if let gpus = request.gpus { try check(gpus, besides: silent) }
    engine.tell(elapsedSeconds: now)
    expire(silent)
    let isMemoryNew = takeOffer(of: request)
    suspendUnreliableNodes()
    let choosesGPUs = request.gpus == nil && request.memoryBytes == nil && !devices.isEmpty
    let domain = request.gpus.flatMap { devices.domain(of: $0) } ?? request.worker ?? ""
    func empty(
      _ reason: TrialOffer.WaitReason, retryAfterSeconds: Double? = nil
    ) -> (offer: TrialOffer, isOtherwise: Bool) {
      // The time and the memory that the request reported count without a trial too.
      if now > before || isMemoryNew {
        log.append(.emptyRequest(request, isKept: isMemoryNew || !silent.isEmpty))
      }
      return (.none(reason, retryAfterSeconds: retryAfterSeconds), known != nil)
    }
    if known == nil, !choosesGPUs, let end = losses.blockedUntil(domain, now: now), engine.stopReason == nil {
      return empty(.nodeSetAside, retryAfterSeconds: end.isFinite ? end - now : nil)
    }
    // Nil: too few GPUs are idle.
    let memory: Int? =
      if let gpus = request.gpus {
        devices.leastMemoryBytes(of: gpus)
      } else if choosesGPUs {
        devices.memoryBytes(ofIdle: settings.gpusPerTrial)
      } else {
        request.memoryBytes ?? .max
      }
    var (isTooSmall, isAvoided, isOtherwise) = (false, false, false)
    let previous = roster.lastTrial(of: request.worker)
    var next = NextTrial.none(.nothingFits)
    // A candidate goes back to a node that lost it only when there is nothing else for the node.
    for avoidsLosses in [true, false] where avoidsLosses || isAvoided {
      // Copies that end with this scope: the engine may not change while `self` is read.
      let (devices, losses, gpusPerTrial) = (devices, losses, settings.gpusPerTrial)
      (next, isOtherwise) = engine.nextTrial(after: previous, replaying: work) { candidate, need in
        guard let memory, need.isMet(by: memory) else {
          isTooSmall = true
          return false
        }
        let lost = avoidsLosses ? losses.nodes(thatLost: candidate) : []
        guard !lost.isEmpty else { return true }
        let fits =
          choosesGPUs
          ? devices.choose(gpusPerTrial, memoryBytes: need.leastBytes, avoiding: lost) != nil
          : !lost.contains(domain)
        if !fits { isAvoided = true }
        return fits
      }
      guard case .none(.nothingFits) = next else { break }
    }
    // Only now is it sure that this version gives nothing: each round above may find the trial that is known.
    if let work, case .none = next { (next, isOtherwise) = (engine.assign(work.0, to: work.1, after: previous), true) }
    switch next {
    case .assigned(let assignment):
      let gpus = request.gpus ?? (choosesGPUs ? chosen(for: assignment.candidate, mayLack: isOtherwise) : [])
      devices.occupy(gpus, trial: assignment.trial)
      roster.open(
        assignment.trial,
        TrialRoster.Entry(
          request: request, gpus: gpus,
          memoryBytes: min(devices.leastMemoryBytes(of: gpus), request.memoryBytes ?? .max),
          domain: devices.domain(of: gpus) ?? domain, heardSeconds: now))
      log.append(.asked(trial: assignment.trial))
      return (.trial(openTrial(assignment.trial), isRepeated: false), isOtherwise)
    case .none(.finished): return empty(.finished)
    case .none(.nothingFits):
      if memory == nil { return empty(devices.hasSuspendedIdle ? .nodeSetAside : .noIdleGPU) }
      return empty(isTooSmall ? .tooLittleMemory : .allAssigned)
    }
  }

  /// Takes the memory that a worker offers.
  ///
  /// - Returns: whether no device without registration had as much before.
  private mutating func takeOffer(of request: TrialRequest) -> Bool {
    let offered =
      if let gpus = request.gpus {
        devices.leastMemoryBytes(of: gpus)
      } else if request.memoryBytes != nil || devices.isEmpty {
        request.memoryBytes ?? .max
      } else {
        0
      }
    guard offered > offeredMemoryBytes else { return false }
    offeredMemoryBytes = offered
    updateLargestDevice()
    return true
  }

  /// Lets candidates that need more memory than any device offers leave the search, and return with a larger device.
  /// Only accepted requests that the log keeps may call this.
  mutating func updateLargestDevice() {
    // With too few registered GPUs for one trial, nothing is known yet.
    let registered = devices.largestMemoryBytes(settings.gpusPerTrial)
    guard registered != nil || offeredMemoryBytes > 0 else { return }
    engine.setLargestDevice(memoryBytes: max(registered ?? 0, offeredMemoryBytes))
  }

  /// Keeps nodes that lose every trial from getting the next one.
  mutating func suspendUnreliableNodes() {
    let now = engine.spending.wallSeconds
    devices.suspend(Set(losses.suspects.filter { losses.blockedUntil($0, now: now) != nil }))
  }

  /// Ends the trials of silent workers.
  private mutating func expire(_ silent: [TrialID]) {
    guard !silent.isEmpty else { return }
    for trial in silent {
      roster[trial].isExpired = true
      lose(trial)
    }
    roster.updateOldestHeard(at: engine.spending.wallSeconds)
  }

  /// Ends a trial whose worker or GPU is gone.
  mutating func lose(_ id: TrialID) {
    let (entry, assignment) = (roster[id], assignment(of: id))
    end(id, as: .lost)
    // Work that was saved is progress.
    let isProgress = engine.checkpoint(of: assignment.candidate)?.trial == id
    guard !isProgress else { return }
    let now = engine.spending.wallSeconds
    if losses.record(assignment.candidate, on: entry.domain, at: now) { engine.setAsideAsLost(assignment.candidate) }
    suspendUnreliableNodes()
  }

  /// Takes a report and says what the trial is to do.
  ///
  /// - Throws: ``RequestError`` of kind `unknownTrial`, `trialClosed` or `invalidReport`.
  package mutating func report(_ report: TrialReport) throws(RequestError) -> TrialDecision {
    let id = report.trial
    guard roster.contains(id) else { throw unknownTrial(id) }
    let metric = pool.task.metric
    if report.scores == nil, !pool.task.goals.isEmpty { throw missingScores }
    let readings = report.scores.map { pool.task.readings($0, report.noise) } ?? readings(report, metric)
    if report.score.isFinite, !metric.range.contains(report.score) {
      throw RequestError(
        .invalidReport, path: "score",
        expected: "a score in \(metric.rangeText), the range of \(Preview.quoted(metric.name))",
        found: "\(report.score)", fix: "check the unit, or state another range in pool/submit")
    }
    // The noise of training that diverged says nothing, whatever the range.
    if report.scores == nil, report.score.isFinite, let noise = report.noise,
      metric.standardError(ofScore: report.score, noise) == nil
    {
      throw RequestError(
        .invalidReport, path: "exampleCount",
        expected: "standardError, because the range of \(Preview.quoted(metric.name)) has no end",
        found: "exampleCount", fix: "report the standard error of the score")
    }
    let isNew = !engine.isReported(step: report.step, of: id)
    let decision: Decision
    do throws(SelectionError) {
      decision = try engine.record(
        Report(
          step: report.step, dataFraction: report.dataFraction, error: readings.error, score: readings.score,
          logErrorDeviation: readings.logErrorDeviation, goalErrors: readings.goalErrors,
          goalDeviations: readings.goalDeviations, gpuSeconds: report.gpuSeconds,
          startGPUSeconds: report.startSeconds.map { $0 * Double(gpuCount(of: id)) }, joules: report.energyJoules,
          hasCheckpoint: report.checkpoint != nil),
        of: id, elapsedSeconds: report.elapsedSeconds)
    } catch {
      throw RequestError(error, trial: id)
    }
    let isEnded = report.isLast && decision == .proceed && (isNew || !roster[id].isOpen)
    if isNew { accept(report, decision, endsTrial: isEnded) }
    let (verdict, reason) = isEnded ? (.pause, "completed") : decision.words
    return TrialDecision(trial: id, step: report.step, verdict: verdict, reason: reason, isDuplicate: !isNew)
  }

  /// Scores by name in the order of the task's metrics.
  ///
  /// - Throws: ``RequestError`` of kind `unknownTrial` or `invalidReport`.
  package func metricScores(
    _ scores: NamedNumbers, standardErrors: NamedNumbers?, of trial: TrialID
  ) throws(RequestError) -> MetricScores {
    guard roster.contains(trial) else { throw unknownTrial(trial) }
    return try pool.task.metricScores(scores, standardErrors: standardErrors)
  }

  /// What scores come to by the weights of now; not finite where one is not.
  package func combinedScore(_ scores: MetricScores) -> Double { pool.task.combined(scores.scores).score }

  private func readings(_ report: TrialReport, _ metric: Metric) -> GoalReadings {
    guard report.score.isFinite else { return GoalReadings(error: .infinity, score: report.score) }
    return GoalReadings(
      error: metric.error(ofScore: report.score), score: report.score,
      logErrorDeviation: report.noise.flatMap { metric.logErrorDeviation(ofScore: report.score, $0) })
  }

  private var missingScores: RequestError {
    RequestError(
      .invalidReport, path: "score",
      expected: "scores, as the task has several metrics: \(Preview.list(pool.task.goals.map(\.metric.name)))",
      found: "score", fix: "report each metric's score by its name, as in \"scores\": {\"accuracy\": 0.61}")
  }

  private mutating func accept(_ report: TrialReport, _ decision: Decision, endsTrial: Bool) {
    log.append(report)
    check(report)
    let closes = decision != .proceed
    roster[report.trial].record(report, isKept: closes || endsTrial || report.checkpoint != nil)
    roster[report.trial].heardSeconds = engine.spending.wallSeconds
    if closes { close(report.trial) } else if endsTrial { end(report.trial, as: .completed) }
    if !roster[report.trial].isOpen { losses.clear(roster[report.trial].domain) }
    expire(roster.expired(at: engine.spending.wallSeconds, leaseSeconds: settings.leaseSeconds))
  }

  /// Ends a trial that did not come to a decision.
  ///
  /// - Returns: whether its candidate may be assigned again.
  /// - Throws: ``RequestError`` of kind `unknownTrial` or `trialClosed`.
  package mutating func fail(_ failure: TrialFailure) throws(RequestError) -> Bool {
    let id = failure.trial
    guard roster.contains(id) else { throw unknownTrial(id) }
    guard roster[id].isOpen else { throw trialClosed(id) }
    if let seconds = failure.elapsedSeconds { engine.tell(elapsedSeconds: seconds) }
    let ending: TrialEnd =
      switch failure.kind {
      case .failed: .failed
      case .lost: .lost
      case .paused: .paused
      case .checkpointGone: .checkpointGone
      case .outOfMemory: .outOfMemory(memoryBytes: failure.memoryBytes ?? roster[id].memoryBytes)
      }
    if failure.kind == .paused { roster[id].keepLatest() }
    if failure.kind == .lost { lose(id) } else { end(id, as: ending) }
    expire(roster.expired(at: engine.spending.wallSeconds, leaseSeconds: settings.leaseSeconds))
    log.append(.failed(failure))
    return !engine.isGivenUp(assignment(of: id).candidate)
  }

  /// Ends an open trial without a decision.
  mutating func end(_ id: TrialID, as ending: TrialEnd) {
    do throws(SelectionError) {
      try engine.end(id, as: ending)
    } catch {
      preconditionFailure("an open trial could not be ended: \(error)")
    }
    close(id)
  }

  /// Frees the GPUs and the worker of a trial that the engine has closed.
  mutating func close(_ id: TrialID) {
    devices.release(roster[id].gpus, trial: id)
    roster.close(id)
  }

  func assignment(of id: TrialID) -> Assignment {
    do throws(SelectionError) {
      return try engine.trial(id).assignment
    } catch {
      preconditionFailure("an assigned trial is unknown: \(error)")
    }
  }

  /// The GPUs that a trial runs on, as far as known.
  private func gpuCount(of id: TrialID) -> Int {
    roster[id].gpus.isEmpty ? settings.gpusPerTrial : roster[id].gpus.count
  }

  /// A trial as its worker sees it.
  func openTrial(_ id: TrialID, mayBeHeld: Bool = true) -> OpenTrial {
    let (assignment, entry) = (assignment(of: id), roster[id])
    // A worker that restarts continues from what this trial has saved itself.
    let own = entry.latestCheckpoint
    let resume =
      own.map { OpenTrial.ResumePoint(trial: id, step: $0.step, checkpoint: $0.checkpoint) }
      ?? assignment.checkpoint.map { roster[$0.trial].checkpoint(at: $0.dataFraction, of: $0.trial) }
    return OpenTrial(
      id: id, candidate: pool.name(of: assignment.candidate),
      fromFraction: own?.dataFraction ?? assignment.fromFraction, toFraction: assignment.toFraction,
      sampleCount: pool.task.alignmentSampleCount, resume: resume,
      gpus: entry.gpus, worker: entry.request.worker, isHeld: mayBeHeld && assignment.isHeld, seed: assignment.seed,
      rung: assignment.rung,
      phase: assignment.phase)
  }

  /// The request that a trial was assigned for.
  package func request(for id: TrialID) -> TrialRequest { roster[id].request }

  /// The smallest idle GPUs that suffice for a candidate, which was just assigned because some do; on nodes that have
  /// not lost it, if possible.
  ///
  /// - Parameter mayLack: whether it was assigned for another reason, and may get none.
  private func chosen(for candidate: Int, mayLack: Bool) -> [String] {
    let (count, bytes) = (settings.gpusPerTrial, engine.need(of: candidate).leastBytes)
    let gpus =
      devices.choose(count, memoryBytes: bytes, avoiding: losses.nodes(thatLost: candidate))
      ?? devices.choose(count, memoryBytes: bytes)
    precondition(gpus != nil || mayLack, "idle GPUs that fit are gone")
    return gpus ?? []
  }

  /// - Parameter silent: trials that end before the request is carried out.
  private func check(_ gpus: [String], besides silent: [TrialID]) throws(RequestError) {
    for (position, id) in gpus.enumerated() {
      guard let trial = devices.trial(on: id) else {
        throw RequestError(
          .unknownGPU, path: "gpus[\(position)]", expected: "the id of a registered GPU", found: Preview.quoted(id),
          fix: "register it with gpu/register")
      }
      if let trial, !silent.contains(trial) {
        throw RequestError(
          .busyGPU, path: "gpus[\(position)]", expected: "an idle GPU",
          found: "\(Preview.quoted(id)) at work for trial \(trial)",
          fix: "end that trial first: trial/fail with kind lost, if its worker is gone",
          details: [.init(key: "trial", value: .integer(Int64(trial.number)))])
      }
    }
  }

  func unknownTrial(_ id: TrialID) -> RequestError {
    RequestError(
      .unknownTrial, path: "trial",
      expected: roster.count == 0 ? "a trial; none has been given out yet" : "a trial in 1...\(roster.count)",
      found: "\(id)", fix: "ask for one with trial/next")
  }

  func trialClosed(_ id: TrialID) -> RequestError {
    let outcome = (try? engine.trial(id).outcome)?.state.rawValue ?? "closed"
    return RequestError.trialClosed(id, outcome: outcome)
  }
}
