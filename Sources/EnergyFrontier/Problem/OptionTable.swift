internal import Basics

/// One measured way to run an instruction.
public struct Measurement: Sendable, Equatable {
  /// Seconds one execution takes on one device; positive, finite.
  public let timeSeconds: Double
  /// Joules one device draws during one execution; positive, finite.
  public let energyJoules: Double

  /// The seconds and joules that a table accepts. Sums and ratios of such numbers stay finite, whatever the problem's
  /// size.
  public static let acceptedRange = 1e-30...1e30

  public init(timeSeconds: Double, energyJoules: Double) {
    self.timeSeconds = timeSeconds
    self.energyJoules = energyJoules
  }
}

/// The options of the instructions that share one (stage, kind), and which of them can ever be part of a good plan.
///
/// A device that does not compute still draws the blocking power `P`, so running longer also saves waiting: what an
/// option really costs is its *effective energy* `energy - P * time`. An option is *efficient* when no other is both
/// faster-or-equal and cheaper-or-equal in effective energy. Filtering by raw energy instead would lose slow options
/// that pay.
///
/// Invariants: `efficient` is sorted by strictly rising time and strictly falling effective energy; `hull` lists
/// positions in `efficient`, begins with the fastest and ends with the cheapest, and its slopes fall strictly in
/// magnitude.
public struct OptionTable: Sendable, Equatable {
  /// All measurements in the order they were given.
  public let measurements: [Measurement]
  /// Watts a device draws while it waits; the waiting is what an option's time displaces.
  public let blockingPowerWatts: Double
  /// Devices that run each instruction together, beside what ``IterationProblem/deviceMultiplicity`` counts for all
  /// ranks alike: more than 1 where ranks have different widths. Measurements and blocking power are those of one.
  public let deviceCount: Int
  /// Indices into `measurements` of the efficient options, fastest first.
  public let efficient: [Int]
  /// Indices into `measurements` of all options, as a plan's choices count them: the efficient ones, then the others in
  /// the order of their time. The others are of use only where changing settings costs something.
  public let options: [Int]
  /// Effective energy in joules of each efficient option, of all ``deviceCount`` devices, in the same order.
  public let effectiveEnergies: [Double]
  /// Positions in `efficient` that span the lower convex hull of (time, effective energy).
  public let hull: [Int]

  /// What an instruction takes that needs neither time nor energy, such as one of a stage without layers.
  public static let instant = OptionTable(
    valid: [Measurement(timeSeconds: 0, energyJoules: 0)], blockingPowerWatts: 0, deviceCount: 1)

  /// Validates the measurements and finds the efficient ones and their hull, in O(n log n).
  ///
  /// - Throws: ``FrontierError`` when there is no measurement, when a number is not positive and finite (within
  ///   ``Measurement/acceptedRange``), or when the blocking power is negative or beyond that range.
  public init(
    measurements: [Measurement], blockingPowerWatts: Double, deviceCount: Int = 1
  ) throws(FrontierError) {
    precondition(deviceCount > 0)
    guard !measurements.isEmpty else { throw .emptyTable }
    guard blockingPowerWatts >= 0, blockingPowerWatts <= Measurement.acceptedRange.upperBound else {
      throw .invalidBlockingPower(value: blockingPowerWatts)
    }
    for (index, measurement) in measurements.enumerated() {
      for (field, value) in [("timeSeconds", measurement.timeSeconds), ("energyJoules", measurement.energyJoules)]
      where !Measurement.acceptedRange.contains(value) {
        throw .invalidMeasurement(index: index, field: field, value: value)
      }
    }
    self.init(valid: measurements, blockingPowerWatts: blockingPowerWatts, deviceCount: deviceCount)
  }

  private init(valid measurements: [Measurement], blockingPowerWatts: Double, deviceCount: Int) {
    self.measurements = measurements
    self.blockingPowerWatts = blockingPowerWatts
    self.deviceCount = deviceCount
    let effective = measurements.map {
      Double(deviceCount) * ($0.energyJoules - blockingPowerWatts * $0.timeSeconds)
    }
    let order = measurements.indices.sorted {
      (measurements[$0].timeSeconds, effective[$0], $0) < (measurements[$1].timeSeconds, effective[$1], $1)
    }
    let efficient = measurements.indices.paretoFront { (measurements[$0].timeSeconds, effective[$0]) }
    self.efficient = efficient
    let isEfficient = Set(efficient)
    options = efficient + order.filter { !isEfficient.contains($0) }
    effectiveEnergies = efficient.map { effective[$0] }
    let times = efficient.map { measurements[$0].timeSeconds }
    hull = lowerHull(x: times, y: effectiveEnergies)
  }

  /// Seconds of the efficient option at `position`.
  public func timeSeconds(at position: Int) -> Double { measurements[efficient[position]].timeSeconds }

  /// Joules drawn, as measured, by all ``deviceCount`` devices with the efficient option at `position`.
  public func energyJoules(at position: Int) -> Double {
    Double(deviceCount) * measurements[efficient[position]].energyJoules
  }

  /// Joules that all ``deviceCount`` devices take beyond their blocking power, by a measurement of one.
  func effectiveJoules(_ measurement: Measurement) -> Double {
    Double(deviceCount) * (measurement.energyJoules - blockingPowerWatts * measurement.timeSeconds)
  }
}
