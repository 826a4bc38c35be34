package import ModelSelection

/// A session's search for the best model: the pool by name, the engine that decides, the workers and their trials, and
/// the log that makes an equal search when it is replayed.
///
/// A change that throws leaves everything as it was, so a search may be changed in place.
package struct ModelSearch: Sendable {
  package private(set) var pool: CandidatePool
  package private(set) var settings: SelectionSettings
  package private(set) var clustering: PoolClustering
  package internal(set) var log = SearchLog()
  /// The search by numbers; only the methods here change it.
  package internal(set) var engine: Search
  /// What is known from outside, in the order of its submission.
  var evidence: [PoolEvidence.Source] = []
  var representations: [RepresentationKey: PoolRepresentation] = [:]
  /// Counts the changes to the pool and its representations.
  var inputRevision = 0
  private let sessionSeed: UInt64
  var devices: DeviceTable
  var roster = TrialRoster()
  var losses = LossTable()
  /// One for each metric that reports have.
  var metricChecks: [MetricCheck]
  /// The most memory that a worker without registered GPUs offered; 0 before the first.
  var offeredMemoryBytes = 0
  /// The candidate that was last announced as the leader.
  var announcedLeader: Int?
  /// What was last announced as spent.
  var announcedSpending = Spending()
  /// Whether it was announced that the search has ended.
  var isEndAnnounced = false

  /// A search that has not begun.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool`.
  package init(_ submission: PoolSubmission, _ settings: SelectionSettings, seed: UInt64, gpus: [GPU])
    throws(RequestError)
  {
    pool = try CandidatePool(submission)
    self.settings = settings
    sessionSeed = seed
    metricChecks = Array(repeating: MetricCheck(), count: max(1, pool.task.goals.count))
    clustering = PoolClustering(byFamilyIn: pool)
    engine = try Self.engine(pool, clustering, settings, seed)
    devices = DeviceTable(gpus)
    updateLargestDevice()
    if !gpus.isEmpty { log.append(.registered(gpus)) }
    log.append(.submitted(submission, settings))
  }

  /// Whether a trial has been assigned.
  package var hasBegun: Bool { roster.count > 0 }
  package var trialCount: Int { roster.count }
  package var openTrialCount: Int { roster.openCount }

  private static func engine(
    _ pool: CandidatePool, _ clustering: PoolClustering, _ settings: SelectionSettings, _ sessionSeed: UInt64
  ) throws(RequestError) -> Search {
    do throws(SelectionError) {
      let task = pool.task
      let pool = try Pool(
        candidates: pool.candidates.map { Candidate($0, settings) }, clusters: clustering.clusters,
        hasRelativeCosts: pool.costBasis != .costWeight)
      var search = settings.search
      search.seed = settings.seed ?? sessionSeed
      search.curvePoints = task.curve
      return try Search(pool: pool, settings: search, goals: task.engineGoals)
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
          grown.candidates[added].map { Candidate($0, newSettings) },
          clusterIndices: added.map { newClustering.clusterOfCandidate[$0] })
      } catch {
        throw RequestError(error, path: "encoders")
      }
    } else {
      engine = try Self.engine(grown, newClustering, newSettings, sessionSeed)
    }
    (pool, clustering, self.settings) = (grown, newClustering, newSettings)
    applyEvidence()
    updateLargestDevice()
    inputRevision += 1
    log.append(.submitted(submission, settings))
  }

  /// Searches by other clusters from the beginning.
  mutating func cluster(_ new: PoolClustering) throws(RequestError) {
    engine = try Self.engine(pool, new, settings, sessionSeed)
    clustering = new
    applyEvidence()
    updateLargestDevice()
  }

  /// Takes a revised pool with the clusters and the engine that belong to it.
  mutating func apply(_ revised: CandidatePool, _ newClustering: PoolClustering, _ newEngine: Search) {
    (pool, clustering, engine) = (revised, newClustering, newEngine)
    settings.search.budget = newEngine.settings.budget
    applyEvidence()
    inputRevision += 1
  }

  // MARK: - GPUs

  package mutating func register(_ gpus: [GPU]) {
    devices.register(gpus)
    for gpu in gpus { losses.clear(gpu.node ?? gpu.id) }
    suspendUnreliableNodes()
    updateLargestDevice()
    log.append(.registered(gpus))
  }

  /// Removes GPUs. The trials on them are lost; their candidates will be assigned again.
  ///
  /// - Returns: the trials that are lost.
  package mutating func retire(_ ids: [String]) -> [TrialID] {
    let lost = devices.retire(ids)
    for trial in lost { lose(trial) }
    updateLargestDevice()
    log.append(.retired(ids))
    return lost
  }
}
