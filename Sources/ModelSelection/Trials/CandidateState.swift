/// What the search knows of one candidate.
struct CandidateState: Sendable {
  var checkpoint: TrialCheckpoint?
  var openTrial: TrialID?
  var curve = RepeatedTraining()
  /// The largest device memory in which it ran out of memory; 0 when it never did.
  var exceedsBytes = 0
  var failureCount = 0
  var isTried = false
  /// How many reports in a row left it hardly a chance to be the best.
  var hopelessStreak = 0
  var flag: CandidateFlag?

  /// Whether it is trained no further because it can hardly be the best.
  var isStopped = false
  /// Whether ``isStopped`` is because it most probably misses a ceiling.
  var isStoppedBelowFloor = false
  /// Whether it has seen all the data and misses a ceiling.
  var isBelowFloor = false
  /// An event after which it takes no further part, whatever happens later.
  var ending: CandidateClosure?
  var isBanned = false
  /// Whether a revised rule excludes it.
  var breaksRule = false
  /// Whether it needs more memory than the largest device offers.
  var fitsNoDevice = false
  /// Whether a person wants it never to be stopped as hopeless.
  var isPinned = false
  /// The fraction up to which a person wants it to be trained next.
  var requestedFraction: Double?
  /// Whether that is to be a training from the start, with another seed, which has not been assigned yet.
  var isRepeatRequested = false

  /// Why no further trial of it is assigned; nil while it is open.
  var closure: CandidateClosure? {
    if let ending { return ending }
    if isBanned { return .banned }
    if breaksRule { return .excludedByRule }
    if fitsNoDevice { return .fitsNoDevice }
    if isBelowFloor { return .belowFloor }
    return isStopped ? isStoppedBelowFloor ? .belowFloor : .cannotBeBest : nil
  }

  /// Whether it is closed only because it can hardly be the best.
  var isOnlyStopped: Bool {
    isStopped && ending == nil && !isBanned && !breaksRule && !fitsNoDevice && !isBelowFloor
  }

  /// Whether no further trial of it will be assigned.
  var isClosed: Bool { ending != nil || isBanned || breaksRule || fitsNoDevice || isBelowFloor || isStopped }

  /// Whether it left the search, so that it is not suggested either. A candidate that was observed before the last
  /// device large enough for it went away may still be suggested.
  var isGivenUp: Bool {
    ending != nil || isBanned || breaksRule || isBelowFloor || (fitsNoDevice && observations.isEmpty)
  }

  /// Where its next trial begins.
  func begunFraction(isRepeat: Bool) -> Double { isRepeat ? 0 : checkpoint?.dataFraction ?? 0 }

  /// By ascending fraction.
  var observations: [Observation] { curve.observations }
}

/// Why a candidate is not trained further.
public enum CandidateClosure: String, CaseIterable, Sendable {
  /// It can hardly be the best; its prediction stays in the ranking.
  case cannotBeBest
  /// It misses a ceiling of ``Goals``, or would with a probability above 0.99; in the latter case its prediction stays
  /// in the ranking.
  case belowFloor
  /// Its error was not finite.
  case diverged
  /// Its training failed as often as ``SearchSettings/failureLimit`` allows.
  case failedTooOften
  /// Its trials were lost too often, on different nodes.
  case lostTooOften
  /// It needs more memory than any device has that was offered.
  case fitsNoDevice
  /// A revised rule excludes it.
  case excludedByRule
  /// A person banned it.
  case banned
  /// A person withdrew it.
  case withdrawn
}

/// A sign that a candidate's training or evaluation is broken.
public enum CandidateFlag: String, CaseIterable, Sendable {
  /// Its error rises with the data.
  case worseWithData
  /// Its error is far above everything that candidates with one of its parts have shown with no more data.
  case farBelowParts
}
