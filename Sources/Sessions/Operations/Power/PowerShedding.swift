package import EnergyFrontier
internal import JSON

/// A question about one job that is to draw less.
package struct PowerShedRequest: Sendable {
  package var job: String
  /// How much less than now; nil where only the curve is asked for.
  package var shedWatts: Double?
  package var measure = PowerMeasure.average
  package var mayPause = false
  package var listsCurve = false

  package init(job: String) { self.job = job }
}

/// What a job loses when it draws less.
package struct PowerShedding: Sendable {
  package let job: String
  package let deviceCount: Int
  package let now: JobPace
  package let answer: Answer?
  package let curve: [Point]?
  package let bound: [BoundPoint]?

  /// The fastest pace that draws so much less.
  package struct Answer: Sendable {
    package let pace: JobPace
    /// By the measure that was asked for.
    package let shedWatts: Double
    /// How much longer an iteration lasts than now; nil where the job pauses.
    package let slowdownFraction: Double?
    /// No plans, nor any mixture, are slowed by less; nil where the bound pauses.
    package let lowerBoundSlowdownFraction: Double?
    /// How much slower than the bound's its rate is, as a share.
    package let gapFraction: Double
  }

  /// A pace at which some pipeline changes its plan.
  package struct Point: Sendable {
    package let iterationTimeSeconds: Double
    package let slowdownFraction: Double
    package let powerWatts: Double
    package let shedWatts: Double
    /// In the order of ``now``'s plans.
    package let plans: [Int]
  }

  /// A corner of the bound; rate is a straight function of power in between.
  package struct BoundPoint: Sendable {
    package let iterationsPerSecond: Double
    package let powerWatts: Double
  }
}

extension SessionState {
  /// How much slower a job becomes when it draws less, in O(members + plans log plans).
  ///
  /// It starts from what the job does now, at T'. A pipeline that is reported slow counts as drawing what is planned.
  ///
  /// - Throws: ``RequestError`` of kind `unknownJob`, `notCharacterized` or `objectiveOutOfReach`.
  package func shedding(_ request: PowerShedRequest) throws(RequestError) -> PowerShedding {
    let job = try jobPower(request.job, path: "job")
    let ladder = job.ladder(
      request.measure, mayWait: request.mayPause, shortestTimeSeconds: job.slowestTimeSeconds)
    let now = ladder.fastest
    let bound = job.bound.clipped(
      from: 1 / ladder.slowest.iterationTimeSeconds, to: 1 / now.iterationTimeSeconds)
    return PowerShedding(
      job: job.name, deviceCount: job.deviceCount, now: job.pace(now, of: ladder),
      answer: try request.shedWatts.map { (watts) throws(RequestError) in
        try Self.shed(watts, now, of: job, ladder, bound)
      },
      curve: request.listsCurve
        ? ladder.steps.indices.map { step in
          let pace = ladder.pace(ofStep: step)
          return .init(
            iterationTimeSeconds: pace.iterationTimeSeconds,
            slowdownFraction: pace.iterationTimeSeconds / now.iterationTimeSeconds - 1, powerWatts: pace.powerWatts,
            shedWatts: now.powerWatts - pace.powerWatts, plans: ladder.plans(at: pace))
        } : nil,
      bound: request.listsCurve
        ? bound.corners.map { .init(iterationsPerSecond: $0.iterationsPerSecond, powerWatts: $0.powerWatts) } : nil)
  }

  private static func shed(
    _ watts: Double, _ now: PaceLadder.Pace, of job: JobPower, _ ladder: PaceLadder, _ bound: PowerCurve
  ) throws(RequestError) -> PowerShedding.Answer {
    guard let pace = ladder.pace(withinWatts: now.powerWatts - watts) else {
      let most = now.powerWatts - ladder.slowest.powerWatts
      throw RequestError(
        .objectiveOutOfReach, path: "shedWatts", expected: "at most \(most) W", found: "\(watts) W",
        fix: ladder.mayWait ? "shed less" : "shed less, or allow pauses with mayPause",
        details: [.init(key: "maximumShedWatts", value: .number(most))])
    }
    let rate = 1 / pace.iterationTimeSeconds
    // The bound is at least as fast as the plans; what differs by rounding is equal.
    let bound = bound.iterationsPerSecond(withinWatts: now.powerWatts - watts) ?? bound.leastPower.iterationsPerSecond
    let least = bound > rate * (1 + 1e-12) ? bound : rate
    return PowerShedding.Answer(
      pace: job.pace(pace, of: ladder), shedWatts: now.powerWatts - pace.powerWatts,
      slowdownFraction: rate > 0 ? pace.iterationTimeSeconds / now.iterationTimeSeconds - 1 : nil,
      lowerBoundSlowdownFraction: least > 0 ? 1 / (least * now.iterationTimeSeconds) - 1 : nil,
      gapFraction: least > 0 ? 1 - rate / least : 0)
  }
}
