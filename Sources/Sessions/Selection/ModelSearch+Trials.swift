internal import JSON
package import ModelSelection

// Trials: what to train next, reports, and trials that end without a decision.
extension ModelSearch {
  /// The next trial of a worker that asks, or why there is none.
  ///
  /// - Throws: ``RequestError`` of kind `unknownGPU` or `busyGPU`.
  package mutating func next(_ request: TrialRequest) throws(RequestError) -> TrialOffer {
    if let trial = roster.openTrial(of: request.worker) { return .trial(openTrial(trial), isRepeated: true) }
    if let gpus = request.gpus { try check(gpus) }
    let elapsed = engine.spending.wallSeconds
    if let seconds = request.elapsedSeconds { engine.tell(elapsedSeconds: seconds) }
    let choosesGPUs = request.gpus == nil && request.memoryBytes == nil && !devices.isEmpty
    // Nil: too few GPUs are idle.
    let memory: Int? =
      if let gpus = request.gpus {
        devices.leastMemoryBytes(of: gpus)
      } else if choosesGPUs {
        devices.memoryBytes(ofIdle: settings.gpusPerTrial)
      } else {
        request.memoryBytes ?? .max
      }
    var isTooSmall = false
    let next = engine.nextTrial { _, need in
      let fits = memory.map(need.isMet) ?? false
      if !fits { isTooSmall = true }
      return fits
    }
    switch next {
    case .assigned(let assignment):
      let gpus = request.gpus ?? (choosesGPUs ? choose(for: assignment.candidate) : [])
      devices.occupy(gpus, trial: assignment.trial)
      roster.open(
        assignment.trial, for: request, on: gpus,
        memoryBytes: min(devices.leastMemoryBytes(of: gpus), request.memoryBytes ?? .max))
      log.append(.asked(trial: assignment.trial))
      return .trial(openTrial(assignment.trial), isRepeated: false)
    case .none(let why):
      // The time that the request reported counts without a trial too.
      if engine.spending.wallSeconds > elapsed { log.append(.emptyRequest(request)) }
      if case .finished = why { return .none(.finished) }
      return .none(memory == nil ? .noIdleGPU : isTooSmall ? .tooLittleMemory : .allAssigned)
    }
  }

  /// Takes a report and says what the trial is to do.
  ///
  /// - Throws: ``RequestError`` of kind `unknownTrial`, `trialClosed` or `invalidReport`.
  package mutating func report(_ report: TrialReport) throws(RequestError) -> TrialDecision {
    let id = report.trial
    guard roster.contains(id) else { throw unknownTrial(id) }
    let metric = pool.task.metric
    if report.score.isFinite, !metric.range.contains(report.score) {
      throw RequestError(
        .invalidReport, path: "score", expected: "a score in \(metric.rangeText), the range of \"\(metric.name)\"",
        found: "\(report.score)", fix: "check the unit, or state another range in pool/submit")
    }
    let isNew = !engine.isReported(step: report.step, of: id)
    let decision: Decision
    do throws(SelectionError) {
      decision = try engine.record(
        Report(
          step: report.step, dataFraction: report.dataFraction,
          error: report.score.isFinite ? metric.error(ofScore: report.score) : .infinity,
          gpuSeconds: report.gpuSeconds, joules: report.energyJoules, hasCheckpoint: report.checkpoint != nil),
        of: id, elapsedSeconds: report.elapsedSeconds)
    } catch {
      throw RequestError(error, trial: id)
    }
    let isEnded = report.isLast && decision == .proceed && (isNew || !roster[id].isOpen)
    if isNew { accept(report, decision, endsTrial: isEnded) }
    let (verdict, reason) = isEnded ? (.pause, "completed") : decision.words
    return TrialDecision(trial: id, step: report.step, verdict: verdict, reason: reason, isDuplicate: !isNew)
  }

  private mutating func accept(_ report: TrialReport, _ decision: Decision, endsTrial: Bool) {
    log.append(report)
    let closes = decision != .proceed
    roster[report.trial].record(report, isKept: closes || endsTrial || report.checkpoint != nil)
    if closes { close(report.trial) } else if endsTrial { end(report.trial, as: .completed) }
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
      case .outOfMemory: .outOfMemory(memoryBytes: failure.memoryBytes ?? roster[id].memoryBytes)
      }
    if failure.kind == .paused { roster[id].keepLatest() }
    end(id, as: ending)
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

  private mutating func close(_ id: TrialID) {
    devices.release(roster[id].gpus, trial: id)
    roster.close(id)
  }

  private func assignment(of id: TrialID) -> Assignment {
    do throws(SelectionError) {
      return try engine.trial(id).assignment
    } catch {
      preconditionFailure("an assigned trial is unknown: \(error)")
    }
  }

  /// A trial as its worker sees it.
  private func openTrial(_ id: TrialID) -> OpenTrial {
    let (assignment, entry) = (assignment(of: id), roster[id])
    return OpenTrial(
      id: id, candidate: assignment.candidate, fromFraction: assignment.fromFraction,
      toFraction: assignment.toFraction,
      resume: assignment.checkpoint.map { roster[$0.trial].checkpoint(at: $0.dataFraction, of: $0.trial) },
      gpus: entry.gpus, worker: entry.request.worker, rung: assignment.rung, phase: assignment.phase)
  }

  /// The request that a trial was assigned for.
  package func request(for id: TrialID) -> TrialRequest { roster[id].request }

  /// The smallest idle GPUs that suffice for a candidate; the engine has just been told that some do.
  private func choose(for candidate: Int) -> [String] {
    let need = engine.need(of: candidate)
    let bytes = max(
      need.memoryBytes, need.exceedsBytes == .max ? .max : need.exceedsBytes + (need.exceedsBytes > 0 ? 1 : 0))
    guard let gpus = devices.choose(settings.gpusPerTrial, memoryBytes: bytes) else {
      preconditionFailure("idle GPUs that fit are gone")
    }
    return gpus
  }

  private func check(_ gpus: [String]) throws(RequestError) {
    for (position, id) in gpus.enumerated() {
      guard let trial = devices.trial(on: id) else {
        throw RequestError(
          .unknownGPU, path: "gpus[\(position)]", expected: "the id of a registered GPU", found: "\"\(id)\"",
          fix: "register it with gpu/register")
      }
      if let trial {
        throw RequestError(
          .busyGPU, path: "gpus[\(position)]", expected: "an idle GPU", found: "\"\(id)\" at work for trial \(trial)",
          fix: "end that trial first: trial/fail with kind lost, if its worker is gone",
          details: [.init(key: "trial", value: .integer(Int64(trial.number)))])
      }
    }
  }

  private func unknownTrial(_ id: TrialID) -> RequestError {
    RequestError(
      .unknownTrial, path: "trial",
      expected: roster.count == 0 ? "a trial; none has been given out yet" : "a trial in 1...\(roster.count)",
      found: "\(id)", fix: "ask for one with trial/next")
  }

  private func trialClosed(_ id: TrialID) -> RequestError {
    let outcome = (try? engine.trial(id).outcome)?.word ?? "closed"
    return RequestError.trialClosed(id, outcome: outcome)
  }
}
