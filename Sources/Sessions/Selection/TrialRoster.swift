internal import Basics
internal import JSON
internal import ModelSelection

/// Which worker has which trial on which GPUs, and the checkpoints that trials left behind.
struct TrialRoster: Sendable {
  /// A trial that was given out, or ended.
  enum Change: Sendable {
    case opened(TrialID)
    case closed(TrialID)
  }

  private var entries: [Entry] = []
  /// What happened in the step that is being applied, in order.
  private var changes: [Change] = []
  private var open: Set<TrialID> = []
  /// The open trial of each worker that gave its name.
  private var trialOfWorker: [ExactString: TrialID] = [:]
  /// The trial that each of them ended last.
  private var lastOfWorker: [ExactString: TrialID] = [:]
  /// No open trial was heard from before this time.
  private var oldestHeardSeconds = 0.0

  var count: Int { entries.count }
  var openCount: Int { open.count }

  func contains(_ id: TrialID) -> Bool { entries.indices.contains(id.index) }

  /// - Precondition: the roster contains the trial.
  subscript(_ id: TrialID) -> Entry {
    get { entries[id.index] }
    _modify { yield &entries[id.index] }
  }

  func openTrial(of worker: String?) -> TrialID? { worker.flatMap { trialOfWorker[ExactString($0)] } }

  /// The trial that a worker ended last, unless that is unknown.
  func lastTrial(of worker: String?) -> TrialID? { worker.flatMap { lastOfWorker[ExactString($0)] } }

  /// Adds the next trial of the engine.
  mutating func open(_ id: TrialID, _ entry: Entry) {
    precondition(id.index == entries.count, "trials are numbered without gaps")
    entries.append(entry)
    open.insert(id)
    changes.append(.opened(id))
    if let worker = entry.request.worker { trialOfWorker[ExactString(worker)] = id }
  }

  mutating func close(_ id: TrialID) {
    entries[id.index].isOpen = false
    open.remove(id)
    changes.append(.closed(id))
    if let worker = entries[id.index].request.worker, trialOfWorker[ExactString(worker)] == id {
      trialOfWorker[ExactString(worker)] = nil
      lastOfWorker[ExactString(worker)] = id
    }
  }

  /// What happened since the last call.
  mutating func takeChanges() -> [Change] {
    if changes.isEmpty { return [] }
    defer { changes = [] }
    return changes
  }

  /// The open trials that were not heard from for longer than a lease, in ascending order. O(1) while there can be
  /// none, else O(open trials).
  func expired(at seconds: Double, leaseSeconds: Double?) -> [TrialID] {
    guard let leaseSeconds, seconds - oldestHeardSeconds > leaseSeconds else { return [] }
    return open.filter { seconds - entries[$0.index].heardSeconds > leaseSeconds }.sorted()
  }

  /// Finds out again how long the quietest open trial has been silent; called when leases ran out.
  mutating func updateOldestHeard(at seconds: Double) {
    oldestHeardSeconds = open.map { entries[$0.index].heardSeconds }.min() ?? seconds
  }

  /// What the session knows of a trial and the engine does not.
  struct Entry: Sendable {
    let request: TrialRequest
    let gpus: [String]
    /// The smallest memory of its GPUs; `Int.max` when unknown.
    let memoryBytes: Int
    /// The failure domain that it runs in: the node of its GPUs, else its worker.
    let domain: String
    /// The session time of the latest sign of life.
    var heardSeconds: Double
    fileprivate(set) var isOpen = true
    /// Whether the lease of a silent worker ended it.
    var isExpired = false
    /// Weights that the trial left behind, by growing fraction.
    private(set) var marks: [Mark] = []
    /// The report of the greatest step.
    private(set) var latest: Mark?

    /// A report's weights.
    struct Mark: Sendable {
      let step: Int
      let dataFraction: Double
      let score: Double
      let checkpoint: JSON?
    }

    init(request: TrialRequest, gpus: [String], memoryBytes: Int, domain: String, heardSeconds: Double) {
      (self.request, self.gpus, self.memoryBytes) = (request, gpus, memoryBytes)
      (self.domain, self.heardSeconds) = (domain, heardSeconds)
    }

    /// Takes a report; `isKept` says whether its weights are kept.
    mutating func record(_ report: TrialReport, isKept: Bool) {
      let mark = Mark(
        step: report.step, dataFraction: report.dataFraction, score: report.score, checkpoint: report.checkpoint)
      if isKept { marks.append(mark) }
      if latest.map({ $0.step < mark.step }) ?? true { latest = mark }
    }

    /// Keeps the weights of the latest step.
    mutating func keepLatest() {
      if let latest { marks.append(latest) }
    }

    /// The weights that saw this share of the data.
    func checkpoint(at dataFraction: Double, of trial: TrialID) -> OpenTrial.ResumePoint {
      let mark = marks.last { $0.dataFraction == dataFraction } ?? latest
      return OpenTrial.ResumePoint(trial: trial, step: mark?.step ?? 0, checkpoint: mark?.checkpoint)
    }

    /// The weights of the greatest step that the trial reported to have saved.
    var latestCheckpoint: Mark? { marks.filter { $0.checkpoint != nil }.max { $0.step < $1.step } }
  }
}
