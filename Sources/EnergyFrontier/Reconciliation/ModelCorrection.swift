/// By what a machine differs from the model of its iterations.
public enum MisfitKind: Sendable, Hashable {
  /// What one rank sends another arrives later than the graph's lags say, always by the same time.
  case transferLatency
  /// A rank goes on only when what it sent has been received, which its receiver does when it comes to need it.
  case blockingTransfers
  /// Each instruction occupies its device longer than measured, always by the same time.
  case instructionOverhead
  /// Each iteration lasts longer, always by the same time, in which all devices wait.
  case iterationOverhead
  /// All instructions last longer than measured, by one share.
  case uniformSlowdown
  /// The instructions of one rank last longer than measured, by one share.
  case rankSlowdown(Int)
  /// All instructions draw more energy than measured, by one share.
  case energyShare
  /// Each iteration draws more energy, always the same.
  case energyOffset
  /// A device that waits draws more power than was said, by one share.
  case waitingPower

  /// Whether the size of the misfit is a time, rather than a share or an energy.
  public var isTime: Bool { [.transferLatency, .instructionOverhead, .iterationOverhead].contains(self) }
}

/// What makes the model of an iteration agree with the machine.
public struct ModelCorrection: Sendable, Equatable {
  /// Seconds that every transfer between ranks takes beyond its lag.
  public var transferSeconds = 0.0
  /// Whether a sender waits until it has been received.
  public var blocksTransfers = false
  /// Seconds that every instruction takes beyond its measured time.
  public var instructionOverheadSeconds = 0.0
  /// Seconds that every iteration takes beyond its instructions and transfers.
  public var iterationOverheadSeconds = 0.0
  /// For each rank how many times as long as measured its instructions last.
  public var rankFactors: [Double]
  /// How many times the measured energy instructions draw.
  public var energyFactor = 1.0
  /// Joules of all devices that every iteration draws beyond its instructions and waiting.
  public var energyOffsetJoules = 0.0
  /// How many times the blocking power a device draws that waits.
  public var waitingFactor = 1.0

  public init(rankCount: Int) { rankFactors = Array(repeating: 1, count: rankCount) }

  /// Whether the model is taken as it is.
  public var isNone: Bool { self == ModelCorrection(rankCount: rankFactors.count) }
}

extension ModelCorrection {
  /// Makes a misfit of the given size part of the correction.
  mutating func add(_ kind: MisfitKind, _ size: Double) {
    switch kind {
    case .transferLatency: transferSeconds += size
    case .blockingTransfers: blocksTransfers = true
    case .instructionOverhead: instructionOverheadSeconds += size
    case .iterationOverhead: iterationOverheadSeconds += size
    case .uniformSlowdown: for rank in rankFactors.indices { rankFactors[rank] *= 1 + size }
    case .rankSlowdown(let rank): rankFactors[rank] *= 1 + size
    case .energyShare: energyFactor += size
    case .energyOffset: energyOffsetJoules += size
    case .waitingPower: waitingFactor += size
    }
  }
}

/// One iteration as it was measured.
public struct IterationObservation: Sendable, Equatable {
  /// Seconds from its begin to the next one's.
  public let iterationTimeSeconds: Double
  /// Joules of all devices.
  public let energyJoules: Double?
  /// For each rank the seconds that its own instructions took, waiting left out.
  public let rankBusySeconds: [Double]?

  public init(iterationTimeSeconds: Double, energyJoules: Double? = nil, rankBusySeconds: [Double]? = nil) {
    self.iterationTimeSeconds = iterationTimeSeconds
    self.energyJoules = energyJoules
    self.rankBusySeconds = rankBusySeconds
  }
}

/// The iterations that ran one plan.
public struct ObservedPlan: Sendable, Equatable {
  /// For each instruction an index into its table's `measurements`.
  public let measurements: [Int]
  public var iterations: [IterationObservation]

  public init(measurements: [Int], iterations: [IterationObservation]) {
    self.measurements = measurements
    self.iterations = iterations
  }
}
