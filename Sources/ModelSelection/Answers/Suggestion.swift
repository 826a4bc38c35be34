import Basics

/// What has been spent.
public struct Spending: Equatable, Sendable {
  public var gpuSeconds = 0.0
  public var joules = 0.0
  /// Trials assigned.
  public var trials = 0
  /// The largest time that ``Search/tell(elapsedSeconds:)`` was given.
  public var wallSeconds = 0.0

  public init() {}
}

/// What a prediction rests on.
public struct Evidence: Equatable, Sendable {
  /// The errors observed, by ascending data fraction.
  public var observations: [Observation]
  /// How many of them, counted from the largest fraction, lie in the log-linear regime; 0 with fewer than two.
  public var regimePointCount: Int
  /// Mean square error of the log-linear fit over the regime, in log error; nil with fewer than three points.
  public var fitMeanSquareLogError: Double?
  /// Exponent of the log-linear fit, `d log error / d log fraction`; nil with fewer than two points.
  public var slope: Double?
  /// 1 over the largest observed fraction; nil when nothing was observed.
  public var extrapolationRatio: Double?
}

/// An error observed at a data fraction.
public struct Observation: Equatable, Sendable {
  public let dataFraction: Double
  public let error: Double
  /// ``Report/score`` of the report behind the error.
  public let score: Double
  /// Their logarithms, which every reading of a curve needs.
  let logFraction: Double
  let logError: Double

  init(dataFraction: Double, error: Double, score: Double? = nil) {
    (self.dataFraction, self.error, self.score) = (dataFraction, error, score ?? error)
    (logFraction, logError) = (PortableMath.log(dataFraction), PortableMath.log(error))
  }
}

/// Where a candidate stands.
public enum CandidateStatus: String, CaseIterable, Sendable {
  case untried, observed, running, complete
  /// Most unlikely to be the best, so trained no further.
  case stopped
  /// Left the search; ``Prediction/closure`` says why.
  case givenUp
}

/// A candidate's predicted error on all the data.
public struct Prediction: Equatable, Sendable {
  public var candidate: Int
  /// The median; positive.
  public var predictedError: Double
  /// The interval that holds the error with probability 0.9.
  public var lowerError: Double
  public var upperError: Double
  /// The probability that no other candidate ends with a lower error, in 0...1.
  public var probabilityBestFraction: Double
  public var status: CandidateStatus
  /// Why it is not trained further; nil while it may be.
  public var closure: CandidateClosure?
  /// A sign that its training or evaluation is broken.
  public var flag: CandidateFlag?
}

/// The search's answer so far.
public struct Suggestion: Equatable, Sendable {
  public var prediction: Prediction
  /// The expected excess of the suggestion's error over the best candidate's, as a fraction of its own error.
  public var expectedRegretFraction: Double
  public var spending: Spending
  /// What training every candidate on all data would cost, in the unit of `spending.gpuSeconds`.
  public var gridGPUSeconds: Double
  /// Nil while the search goes on.
  public var stopReason: StopReason?
}
