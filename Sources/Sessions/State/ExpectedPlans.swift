package import Basics
package import EnergyFrontier

/// What the plans of a frontier on estimated tables give, as far as is known: by draws of the true tables.
package struct ExpectedPlans: Sendable {
  /// The share of the draws that each interval holds.
  package static let confidenceFraction = 0.9
  /// Draws for a frontier whose plans have few instructions together, and at least.
  static let drawCounts = 100...400
  /// Instructions that are run on draws in all, about, before draws become fewer: some seconds.
  static let workBudget = 4e8

  /// One quantity of one plan.
  package struct Interval: Sendable, Equatable {
    package let mean: Double
    package let low: Double
    package let high: Double
  }

  /// One plan.
  package struct Expectation: Sendable, Equatable {
    package let iterationTimeSeconds: Interval
    package let energyJoules: Interval
    /// As the tables were measured, luck of the measurement included.
    package let asMeasured: IterationOutcome
  }

  /// By plan.
  package let expectations: [Expectation]
  package let drawCount: Int
  /// For each resampling, by plan, iteration times in rising order.
  private let times: [OutcomeBootstrap.Resampling: [[Double]]]

  /// Runs each plan on draws of the tables; a function of the estimate, the plans and the seed.
  ///
  /// - Parameter plans: for each plan and instruction an index into the table's measurements.
  /// - Throws: ``FrontierError/cancelled``.
  /// - Complexity: O(plans * draws * (instructions + dependencies)).
  package init(
    _ plans: [[Int]], of inputs: FrontierInputs, estimate: ProfileEstimate, seed: UInt64, progress: ProgressHandle
  ) throws(FrontierError) {
    let size = Double(plans.count * inputs.problem.graph.count * OutcomeBootstrap.Resampling.allCases.count)
    let count = min(max(Int(Self.workBudget / size), Self.drawCounts.lowerBound), Self.drawCounts.upperBound)
    let outcomes = try EstimatedOutcomes(
      inputs.problem, estimate: estimate, count: count, seed: seed, progress: progress)
    var expectations: [Expectation] = []
    var times: [OutcomeBootstrap.Resampling: [[Double]]] = [:]
    for plan in plans {
      for resampling in OutcomeBootstrap.Resampling.allCases {
        let drawn = try outcomes.outcomes(
          measurementOfInstruction: plan, resampling: resampling,
          progress: ProgressHandle(isCancelled: progress.isCancelled))
        times[resampling, default: []].append(drawn.map(\.iterationTimeSeconds).sorted())
        if resampling == .options {
          expectations.append(
            Expectation(
              iterationTimeSeconds: Self.interval(drawn.map(\.iterationTimeSeconds)),
              energyJoules: Self.interval(drawn.map(\.energyJoules)),
              asMeasured: inputs.measuredProblem.outcome(ofMeasurements: plan)))
        }
      }
    }
    self.expectations = expectations
    self.times = times
    drawCount = count
  }

  private static func interval(_ values: [Double]) -> Interval {
    let spread = Spread(values)
    let interval = spread.interval(holding: confidenceFraction)
    return Interval(mean: spread.mean, low: interval.low, high: interval.high)
  }

  /// The share of the draws in which a plan lasts longer than a deadline. O(log draws).
  package func missFraction(
    plan: Int, deadlineSeconds: Double, resampling: OutcomeBootstrap.Resampling
  ) -> Double {
    let times = times[resampling]![plan]
    return Double(times.count - times.partitioningIndex { $0 > deadlineSeconds }) / Double(times.count)
  }

  /// The cheapest plan that misses a deadline in at most a share of the draws; nil where none does.
  package func cheapestPlan(
    within deadlineSeconds: Double, missFraction: Double, resampling: OutcomeBootstrap.Resampling
  ) -> Int? {
    // Energies fall along the plans.
    expectations.indices.last {
      self.missFraction(plan: $0, deadlineSeconds: deadlineSeconds, resampling: resampling) <= missFraction
    }
  }

  /// The earliest deadline that a plan keeps with the given share of misses.
  package func earliestDeadlineSeconds(
    missFraction: Double, resampling: OutcomeBootstrap.Resampling
  ) -> Double {
    times[resampling]!.reduce(.infinity) { least, times in
      // The longest times that may be missed are left off.
      min(least, times[max(0, times.count - 1 - Int(missFraction * Double(times.count)))])
    }
  }
}

extension CharacterizedFrontier {
  /// A frontier of estimated tables with what its plans are expected to give.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  package init(
    expecting inputs: FrontierInputs, frontier: Frontier, seed: UInt64, progress: ProgressHandle
  ) throws(FrontierError) {
    let plain = CharacterizedFrontier(inputs: inputs, frontier: frontier, generation: 0)
    guard let estimate = inputs.estimate else {
      self = plain
      return
    }
    let expected = try ExpectedPlans(
      frontier.plans.map(plain.measurements(of:)), of: inputs, estimate: estimate, seed: seed, progress: progress)
    self.init(inputs: inputs, frontier: frontier, generation: 0, expected: expected)
  }
}
