/// Which power a cap is on.
public enum PowerMeasure: String, Sendable, CaseIterable {
  /// The mean over an iteration.
  case average
  /// The highest during an iteration: see ``PowerProfile``.
  case peak
}

/// What is drawn in iterations that last S seconds: `watts + joules / S`.
public struct PowerDraw: Sendable, Equatable {
  public var watts: Double
  public var joules: Double

  public init(watts: Double, joules: Double) { (self.watts, self.joules) = (watts, joules) }

  public func powerWatts(at iterationTimeSeconds: Double) -> Double { watts + joules / iterationTimeSeconds }

  public func times(_ factor: Double) -> PowerDraw { PowerDraw(watts: factor * watts, joules: factor * joules) }

  static func += (sum: inout PowerDraw, draw: PowerDraw) {
    sum = PowerDraw(watts: sum.watts + draw.watts, joules: sum.joules + draw.joules)
  }

  static func -= (sum: inout PowerDraw, draw: PowerDraw) { sum += draw.times(-1) }
}

/// The power of one plan.
public struct PlanPower: Sendable, Equatable {
  public let iterationTimeSeconds: Double
  /// Joules of all devices in an iteration, waiting included.
  public let energyJoules: Double
  public let peakPowerWatts: Double

  public init(iterationTimeSeconds: Double, energyJoules: Double, peakPowerWatts: Double) {
    self.iterationTimeSeconds = iterationTimeSeconds
    self.energyJoules = energyJoules
    self.peakPowerWatts = peakPowerWatts
  }

  /// What it draws in iterations that may last longer than it needs.
  public func draw(_ measure: PowerMeasure, waitingPowerWatts: Double) -> PowerDraw {
    switch measure {
    case .average:
      PowerDraw(watts: waitingPowerWatts, joules: energyJoules - waitingPowerWatts * iterationTimeSeconds)
    case .peak: PowerDraw(watts: peakPowerWatts, joules: 0)
    }
  }
}
