internal import JSON
internal import ModelSelection

/// Which worker has which trial on which GPUs, and the checkpoints that trials left behind.
struct TrialRoster: Sendable {
  private var entries: [Entry] = []
  private(set) var openCount = 0
  /// The open trial of each worker that gave its name.
  private var trialOfWorker: [String: TrialID] = [:]

  var count: Int { entries.count }

  func contains(_ id: TrialID) -> Bool { entries.indices.contains(id.index) }

  /// - Precondition: the roster contains the trial.
  subscript(_ id: TrialID) -> Entry {
    get { entries[id.index] }
    _modify { yield &entries[id.index] }
  }

  func openTrial(of worker: String?) -> TrialID? { worker.flatMap { trialOfWorker[$0] } }

  /// Adds the next trial of the engine.
  mutating func open(_ id: TrialID, for request: TrialRequest, on gpus: [String], memoryBytes: Int) {
    precondition(id.index == entries.count, "trials are numbered without gaps")
    entries.append(Entry(request: request, gpus: gpus, memoryBytes: memoryBytes))
    openCount += 1
    if let worker = request.worker { trialOfWorker[worker] = id }
  }

  mutating func close(_ id: TrialID) {
    entries[id.index].isOpen = false
    openCount -= 1
    if let worker = entries[id.index].request.worker { trialOfWorker[worker] = nil }
  }

  /// What the session knows of a trial and the engine does not.
  struct Entry: Sendable {
    let request: TrialRequest
    let gpus: [String]
    /// The smallest memory of its GPUs; `Int.max` when unknown.
    let memoryBytes: Int
    fileprivate(set) var isOpen = true
    /// Weights that the trial left behind, by growing fraction.
    private var marks: [Mark] = []
    /// The report of the greatest step.
    private var latest: Mark?

    private struct Mark: Sendable {
      let step: Int
      let dataFraction: Double
      let checkpoint: JSON?
    }

    fileprivate init(request: TrialRequest, gpus: [String], memoryBytes: Int) {
      (self.request, self.gpus, self.memoryBytes) = (request, gpus, memoryBytes)
    }

    /// Takes a report; `isKept` says whether its weights are kept.
    mutating func record(_ report: TrialReport, isKept: Bool) {
      let mark = Mark(step: report.step, dataFraction: report.dataFraction, checkpoint: report.checkpoint)
      if isKept { marks.append(mark) }
      if latest.map({ $0.step < mark.step }) ?? true { latest = mark }
    }

    /// Keeps the weights of the latest step.
    mutating func keepLatest() {
      if let latest { marks.append(latest) }
    }

    /// The weights that saw this share of the data.
    func checkpoint(at dataFraction: Double, of trial: TrialID) -> OpenTrial.Checkpoint {
      let mark = marks.last { $0.dataFraction == dataFraction } ?? latest
      return OpenTrial.Checkpoint(trial: trial, step: mark?.step ?? 0, checkpoint: mark?.checkpoint)
    }
  }
}
