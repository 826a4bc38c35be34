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
  /// ``Report/score`` of the report behind the error; the mean where several trainings were evaluated.
  public let score: Double
  /// The standard deviation of the noise in the log error, as its reports stated; nil where they did not.
  public let logErrorDeviation: Double?
  /// The trainings, with different seeds, whose mean this is.
  public let trainingCount: Int
  /// The logarithms of fraction and error, which every reading of a curve needs.
  let logFraction: Double
  let logError: Double

  init(
    dataFraction: Double, error: Double, score: Double? = nil, logErrorDeviation: Double? = nil, trainingCount: Int = 1
  ) {
    (self.dataFraction, self.error, self.score) = (dataFraction, error, score ?? error)
    (self.logErrorDeviation, self.trainingCount) = (logErrorDeviation, trainingCount)
    (logFraction, logError) = (PortableMath.log(dataFraction), PortableMath.log(error))
  }

  /// The mean of observations of different trainings at one fraction; of one it is that one.
  ///
  /// What the trainings differ by is noise too, of which stated deviations of evaluations say nothing, so the larger
  /// of the two counts.
  ///
  /// - Precondition: at least one.
  init(mean all: ArraySlice<Observation>) {
    guard let first = all.first, all.count > 1 else {
      self = all[all.startIndex]
      return
    }
    let count = Double(all.count)
    let meanLog = all.reduce(0) { $0 + $1.logError } / count
    let spread = all.reduce(0) { $0 + ($1.logError - meanLog) * ($1.logError - meanLog) } / (count - 1)
    let stated = all.compactMap(\.logErrorDeviation)
    let square = stated.reduce(0) { $0 + $1 * $1 } / count
    self.init(
      dataFraction: first.dataFraction, error: all.reduce(0) { $0 + $1.error / count },
      score: all.reduce(0) { $0 + $1.score / count },
      logErrorDeviation: stated.count == all.count ? (max(square, spread) / count).squareRoot() : nil,
      trainingCount: all.count)
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
  /// The probability that it keeps all ceilings and no other candidate that does ends with a lower error, in 0...1.
  public var probabilityBestFraction: Double
  public var status: CandidateStatus
  /// Why it is not trained further; nil while it may be.
  public var closure: CandidateClosure?
  /// A sign that its training or evaluation is broken.
  public var flag: CandidateFlag?
  /// The probability that it keeps all ceilings of ``Goals``; nil without any.
  public var probabilityKeptFraction: Double?
  /// By metric, in their order; empty where reports carry one error only.
  public var goals: [GoalPrediction] = []
}

/// The search's answer so far.
public struct Suggestion: Equatable, Sendable {
  public var prediction: Prediction
  /// The expected excess of the suggestion's error over the best candidate's, as a fraction of its own error.
  public var expectedRegretFraction: Double
  /// Whether it keeps all ceilings as probably as ``Goals`` ask for; where it does not, no candidate does.
  public var isProbableEnough = true
  public var spending: Spending
  /// What training every candidate on all data would cost, in the unit of `spending.gpuSeconds`.
  public var gridGPUSeconds: Double
  /// Nil while the search goes on.
  public var stopReason: StopReason?
}
