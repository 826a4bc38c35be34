internal import JSON
package import ModelSelection

/// A session's search for the best model: the pool by name, the engine that decides, who works on what, and the log that
/// makes an equal search when it is replayed.
///
/// A change that throws leaves everything as it was, so a search may be changed where it stands.
package struct ModelSearch: Sendable {
  package private(set) var pool: CandidatePool
  package private(set) var settings: SelectionSettings
  package private(set) var clustering: PoolClustering
  package private(set) var log = SearchLog()
  /// The search by numbers; only the methods here change it.
  package internal(set) var engine: Search
  var representations: [RepresentationKey: PoolRepresentation] = [:]
  /// Counts the changes to the pool and its representations.
  var inputRevision = 0
  private let sessionSeed: UInt64
  private var devices: DeviceTable
  /// By the engine's number of the trial.
  private var trials: [TrialRecord] = []
  package private(set) var openTrialCount = 0
  /// The open trial of each worker that gave its name.
  private var trialOfWorker: [String: Int] = [:]
  /// The candidate that was last told to lead.
  var toldLeader: Int?

  /// A search that has not begun.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool`.
  package init(_ submission: PoolSubmission, _ settings: SelectionSettings, seed: UInt64, gpus: [GPU])
    throws(RequestError)
  {
    pool = try CandidatePool(submission)
    self.settings = settings
    sessionSeed = seed
    clustering = PoolClustering(byFamilyIn: pool)
    engine = try Self.engine(pool, clustering, settings, seed)
    devices = DeviceTable(gpus)
    if !gpus.isEmpty { log.append(.registered(gpus)) }
    log.append(.submitted(submission, settings))
  }

  /// Whether a trial has been given out.
  package var hasBegun: Bool { !trials.isEmpty }
  package var trialCount: Int { trials.count }

  private static func engine(
    _ pool: CandidatePool, _ clustering: PoolClustering, _ settings: SelectionSettings, _ sessionSeed: UInt64
  ) throws(RequestError) -> Search {
    do throws(SelectionError) {
      let pool = try Pool(
        candidates: pool.candidates.map(Candidate.init), clusters: clustering.clusters,
        hasRelativeCosts: pool.costBasis != .costWeight)
      var search = settings.search
      search.seed = settings.seed ?? sessionSeed
      return try Search(pool: pool, settings: search)
    } catch {
      throw RequestError(error, path: "search")
    }
  }

  // MARK: - The pool

  /// Adds candidates; settings may only change before the first trial.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool` or `searchBegun`. O(candidates).
  package mutating func grow(by submission: PoolSubmission, _ settings: SelectionSettings?) throws(RequestError) {
    if let settings, settings != self.settings, hasBegun {
      throw RequestError(
        .searchBegun, path: "search", expected: "the settings of the search that has begun, or none",
        found: "other settings", fix: "leave `search` out, or open another session")
    }
    var grown = pool
    try grown.grow(by: submission)
    let newSettings = settings ?? self.settings
    let newClustering = clustering.extended(to: grown)
    if hasBegun {
      let added = pool.candidates.count..<grown.candidates.count
      do throws(SelectionError) {
        try engine.add(
          grown.candidates[added].map(Candidate.init),
          clusterIndices: added.map { newClustering.clusterOfCandidate[$0] })
      } catch {
        throw RequestError(error, path: "encoders")
      }
    } else {
      engine = try Self.engine(grown, newClustering, newSettings, sessionSeed)
    }
    (pool, clustering, self.settings) = (grown, newClustering, newSettings)
    inputRevision += 1
    log.append(.submitted(submission, settings))
  }

  /// Searches by other clusters from the beginning.
  mutating func cluster(_ new: PoolClustering) throws(RequestError) {
    engine = try Self.engine(pool, new, settings, sessionSeed)
    clustering = new
  }

  mutating func note(_ entry: SearchLog.Entry) { log.append(entry) }

  // MARK: - GPUs

  package mutating func register(_ gpus: [GPU]) {
    devices.register(gpus)
    log.append(.registered(gpus))
  }

  /// Takes GPUs away; the trials on them are lost, and will be given out again.
  ///
  /// - Returns: the numbers of the trials that are lost.
  package mutating func retire(_ ids: [String]) -> [Int] {
    let lost = devices.retire(ids)
    for number in lost { end(number - 1, as: .lost) }
    log.append(.retired(ids))
    return lost
  }

  // MARK: - Trials

  /// The next trial of a worker that asks, or why there is none.
  ///
  /// - Throws: ``RequestError`` of kind `unknownGPU` or `busyGPU`.
  package mutating func next(_ request: TrialRequest) throws(RequestError) -> TrialOffer {
    if let worker = request.worker, let trial = trialOfWorker[worker] {
      return .trial(openTrial(trial), isRepeated: true)
    }
    if let gpus = request.gpus { try check(gpus) }
    let elapsed = engine.spending.wallSeconds
    if let seconds = request.elapsedSeconds { engine.tell(elapsedSeconds: seconds) }
    // Nil: nothing is idle.
    let memory: Int? =
      if let gpus = request.gpus {
        devices.leastMemoryBytes(of: gpus)
      } else if request.memoryBytes != nil || devices.isEmpty {
        request.memoryBytes ?? .max
      } else {
        devices.memoryBytes(ofIdle: settings.gpusPerTrial)
      }
    var isTooSmall = false
    let next = engine.nextTrial { _, need in
      let fits = memory.map(need.isMet) ?? false
      if !fits { isTooSmall = true }
      return fits
    }
    switch next {
    case .assigned(let assignment):
      let gpus =
        if let gpus = request.gpus {
          gpus
        } else if request.memoryBytes != nil || devices.isEmpty {
          [String]()
        } else {
          choose(for: assignment.candidate)
        }
      let number = trials.count + 1
      devices.occupy(gpus, trial: number)
      if let worker = request.worker { trialOfWorker[worker] = number - 1 }
      trials.append(
        TrialRecord(
          request: request, gpus: gpus,
          memoryBytes: min(devices.leastMemoryBytes(of: gpus), request.memoryBytes ?? .max)))
      openTrialCount += 1
      log.append(.asked(trial: number))
      return .trial(openTrial(number - 1), isRepeated: false)
    case .none(let why):
      // What is told of the time counts even so.
      if engine.spending.wallSeconds > elapsed { log.append(.askedInVain(request)) }
      if case .finished = why { return .none(.finished) }
      return .none(memory == nil ? .noIdleGPU : isTooSmall ? .tooLittleMemory : .allAssigned)
    }
  }

  /// Takes a report and says what the trial is to do.
  ///
  /// - Throws: ``RequestError`` of kind `unknownTrial`, `trialClosed` or `invalidReport`.
  package mutating func report(_ report: TrialReport) throws(RequestError) -> TrialDecision {
    let index = report.trial - 1
    guard trials.indices.contains(index) else { throw unknownTrial(report.trial) }
    let metric = pool.task.metric
    if report.score.isFinite, !metric.range.contains(report.score) {
      throw RequestError(
        .invalidReport, path: "score", expected: "a score in \(metric.rangeText), the range of \"\(metric.name)\"",
        found: "\(report.score)", fix: "check the unit, or state another range in pool/submit")
    }
    let isNew = !engine.isReported(step: report.step, of: index)
    let decision: Decision
    do throws(SelectionError) {
      decision = try engine.record(
        Report(
          step: report.step, dataFraction: report.dataFraction,
          error: report.score.isFinite ? metric.error(ofScore: report.score) : .infinity,
          gpuSeconds: report.gpuSeconds, joules: report.energyJoules, hasCheckpoint: report.checkpoint != nil),
        of: index, elapsedSeconds: report.elapsedSeconds)
    } catch {
      throw RequestError(error, trial: report.trial)
    }
    let isEnded = report.isLast && decision == .proceed && (isNew || !trials[index].isOpen)
    if isNew { accept(report, decision, endsTrial: isEnded) }
    let (verdict, reason) = isEnded ? (.pause, "completed") : decision.words
    return TrialDecision(
      trial: report.trial, step: report.step, verdict: verdict, reason: reason, isDuplicate: !isNew)
  }

  private mutating func accept(_ report: TrialReport, _ decision: Decision, endsTrial: Bool) {
    let index = report.trial - 1
    log.append(report)
    let closes = decision != .proceed
    trials[index].note(report, isKept: closes || endsTrial || report.checkpoint != nil)
    if closes { close(index) } else if endsTrial { end(index, as: .completed) }
  }

  /// Ends a trial that did not come to a decision.
  ///
  /// - Returns: whether its candidate may be given out again.
  /// - Throws: ``RequestError`` of kind `unknownTrial` or `trialClosed`.
  package mutating func fail(_ failure: TrialFailure) throws(RequestError) -> Bool {
    let index = failure.trial - 1
    guard trials.indices.contains(index) else { throw unknownTrial(failure.trial) }
    guard trials[index].isOpen else { throw trialClosed(index) }
    if let seconds = failure.elapsedSeconds { engine.tell(elapsedSeconds: seconds) }
    let ending: TrialEnd =
      switch failure.kind {
      case .failed: .failed
      case .lost: .lost
      case .paused: .paused
      case .outOfMemory: .outOfMemory(memoryBytes: failure.memoryBytes ?? trials[index].memoryBytes)
      }
    if failure.kind == .paused { trials[index].keepLatest() }
    end(index, as: ending)
    log.append(.failed(failure))
    return !engine.isGivenUp(assignment(index).candidate)
  }

  private mutating func end(_ index: Int, as ending: TrialEnd) {
    do throws(SelectionError) {
      try engine.end(index, as: ending)
    } catch {
      preconditionFailure("an open trial could not be ended: \(error)")
    }
    close(index)
  }

  private mutating func close(_ index: Int) {
    trials[index].isOpen = false
    openTrialCount -= 1
    devices.release(trials[index].gpus, trial: index + 1)
    if let worker = trials[index].worker { trialOfWorker[worker] = nil }
  }

  private func assignment(_ index: Int) -> Assignment {
    do throws(SelectionError) {
      return try engine.trial(index).assignment
    } catch {
      preconditionFailure("a trial that was given out is unknown: \(error)")
    }
  }

  /// A trial as its worker sees it.
  private func openTrial(_ index: Int) -> OpenTrial {
    let (assignment, record) = (assignment(index), trials[index])
    return OpenTrial(
      number: index + 1, candidate: assignment.candidate, fromFraction: assignment.fromFraction,
      toFraction: assignment.toFraction,
      resume: assignment.checkpoint.map { trials[$0.trial].checkpoint(at: $0.dataFraction, trial: $0.trial + 1) },
      gpus: record.gpus, worker: record.worker, rung: assignment.rung, phase: assignment.phase.rawValue)
  }

  /// What was asked when a trial was given out.
  package func requestBehind(trial number: Int) -> TrialRequest { trials[number - 1].request }

  /// The smallest idle GPUs that do for a candidate; the engine has just been told that some do.
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
          details: [.init(key: "trial", value: .integer(Int64(trial)))])
      }
    }
  }

  private func unknownTrial(_ number: Int) -> RequestError {
    RequestError(
      .unknownTrial, path: "trial",
      expected: trials.isEmpty ? "a trial; none has been given out yet" : "a trial in 1...\(trials.count)",
      found: "\(number)", fix: "ask for one with trial/next")
  }

  private func trialClosed(_ index: Int) -> RequestError {
    let outcome = (try? engine.trial(index).outcome)?.word ?? "closed"
    return RequestError.trialClosed(index + 1, outcome: outcome)
  }
}
