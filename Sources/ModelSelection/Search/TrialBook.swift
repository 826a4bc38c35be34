internal import Basics

/// Every trial of a search, by its number.
struct TrialBook: Sendable {
  private var trials: [Trial] = []

  var count: Int { trials.count }
  /// The number of the next trial.
  var nextID: TrialID { TrialID(trials.count + 1) }

  func contains(_ id: TrialID) -> Bool { trials.indices.contains(id.index) }

  /// - Precondition: the book contains the trial.
  subscript(_ id: TrialID) -> Trial {
    get { trials[id.index] }
    _modify { yield &trials[id.index] }
  }

  /// Adds the trial of an assignment that is numbered ``nextID``.
  mutating func open(_ assignment: Assignment, cost: TrialCost) {
    precondition(assignment.trial == nextID, "trials are numbered without gaps")
    trials.append(Trial(assignment: assignment, cost: cost))
  }

  /// - Throws: ``SelectionError/unknownTrial(_:)``.
  func check(_ id: TrialID) throws(SelectionError) {
    guard contains(id) else { throw .unknownTrial(id) }
  }
}

/// One assignment, its reports and its outcome.
struct Trial: Sendable {
  let assignment: Assignment
  var cost: TrialCost
  /// By ascending step.
  var reports: [Report] = []
  /// Whether a report said what the trial's start took.
  var hasToldStart = false
  /// Nil while the trial is open.
  var outcome: TrialOutcome?
  /// The report that closed the trial, and the decision it was answered with.
  var closing: (step: Int, decision: Decision)?

  init(assignment: Assignment, cost: TrialCost) {
    self.assignment = assignment
    self.cost = cost
  }

  /// The position of a step among the reports, or where it would be inserted. O(1) for a step beyond all others, else
  /// O(log reports).
  func position(of step: Int) -> Int {
    if let last = reports.last, last.step < step { return reports.count }
    return reports.partitioningIndex { $0.step >= step }
  }

  /// The report of a step, if there is one.
  func report(of step: Int) -> Report? {
    let position = position(of: step)
    guard position < reports.count, reports[position].step == step else { return nil }
    return reports[position]
  }
}
