internal import EnergyFrontier

/// A job as power sees it: kinds of pipelines that are alike, and how many there are of each.
package struct JobPower: Sendable {
  package let name: String
  package let kinds: [Kind]
  /// What the slowest pipeline needs at its fastest plan, T'.
  package let slowestTimeSeconds: Double

  /// Pipelines that share a definition and a frontier.
  package struct Kind: Sendable {
    /// The pipeline that has these.
    package let pipeline: String
    package let frontier: CharacterizedFrontier
    /// Pipelines of the job that are of this kind; each stands for as many as its data-parallel width.
    package let memberCount: Int

    /// With every data-parallel replica counted.
    package var pipelineCount: Int { memberCount * frontier.inputs.definition.dataParallelWidth }

    /// Watts that all devices of one member draw while they wait.
    var waitingPowerWatts: Double {
      frontier.inputs.problem.waitingPowerWatts * Double(frontier.inputs.problem.deviceMultiplicity)
    }

    /// Of one member.
    func planPower(_ number: Int) -> PlanPower {
      let plan = frontier.frontier.plans[number]
      return PlanPower(
        iterationTimeSeconds: plan.iterationTimeSeconds, energyJoules: plan.energyJoules,
        peakPowerWatts: frontier.peakPowersWatts[number])
    }

    /// Of all members, down to rate 0.
    var bound: PowerCurve {
      PowerCurve(lockstep: [
        (PowerCurve(frontier.frontier.curve, waitingPowerWatts: waitingPowerWatts), Double(memberCount))
      ])
    }
  }

  package var deviceCount: Int { kinds.reduce(0) { $0 + $1.memberCount * $1.frontier.deviceCount } }

  /// The plans of the job at each iteration time. O(plans log plans).
  func ladder(
    _ measure: PowerMeasure, mayWait: Bool, shortestTimeSeconds: Double = 0, longestTimeSeconds: Double = .infinity
  ) -> PaceLadder {
    PaceLadder(
      kinds.map { kind in
        PaceLadder.Pipelines(
          plans: kind.frontier.frontier.plans.indices.map(kind.planPower), waitingPowerWatts: kind.waitingPowerWatts,
          count: Double(kind.memberCount))
      },
      measure: measure, mayWait: mayWait, shortestTimeSeconds: shortestTimeSeconds,
      longestTimeSeconds: longestTimeSeconds)
  }

  /// What no plans beat, down to rate 0. O(corners log corners).
  var bound: PowerCurve { PowerCurve(lockstep: kinds.map { ($0.bound, 1) }) }
}

/// What a job does: its iteration time, what it draws, and which plans it runs.
package struct JobPace: Sendable, Equatable {
  /// Nil where the job pauses.
  package let iterationTimeSeconds: Double?
  /// Watts of all devices over an iteration.
  package let averagePowerWatts: Double
  /// The sum of the highest powers of all pipelines.
  package let peakPowerWatts: Double
  /// One for each kind of pipelines; none where the job pauses.
  package let plans: [PlanOfKind]

  package struct PlanOfKind: Sendable, Equatable {
    package let pipeline: String
    package let pipelineCount: Int
    package let generation: Int
    package let plan: Int
  }
}

extension JobPower {
  func pace(_ pace: PaceLadder.Pace, of ladder: PaceLadder) -> JobPace {
    let numbers = ladder.plans(at: pace)
    var (average, peak) = (0.0, 0.0)
    for (kind, number) in zip(kinds, numbers) {
      let power = kind.planPower(number)
      let draw = power.draw(.average, waitingPowerWatts: kind.waitingPowerWatts)
      average += Double(kind.memberCount) * draw.powerWatts(at: pace.iterationTimeSeconds)
      peak += Double(kind.memberCount) * power.peakPowerWatts
    }
    guard pace.iterationTimeSeconds < .infinity else {
      return JobPace(iterationTimeSeconds: nil, averagePowerWatts: average, peakPowerWatts: average, plans: [])
    }
    return JobPace(
      iterationTimeSeconds: pace.iterationTimeSeconds, averagePowerWatts: average, peakPowerWatts: peak,
      plans: zip(kinds, numbers).map { kind, number in
        .init(
          pipeline: kind.pipeline, pipelineCount: kind.pipelineCount, generation: kind.frontier.generation,
          plan: number)
      })
  }
}

extension SessionState {
  /// A job whose pipelines all have frontiers. O(members).
  ///
  /// - Parameter path: the field that names it.
  /// - Throws: ``RequestError`` of kind `unknownJob` or `notCharacterized`.
  func jobPower(_ name: String, path: String) throws(RequestError) -> JobPower {
    let job = jobs[try jobIndex(name, path: path)]
    var counts: [Int: Int] = [:]
    for member in job.members { counts[member.source, default: 0] += 1 }
    var kinds: [JobPower.Kind] = []
    for (source, count) in counts.sorted(by: { $0.key < $1.key }) {
      guard let frontier = pipelines[source].frontier else {
        var error = RequestError.notCharacterized(pipelines[source].name)
        error.path = path
        throw error
      }
      kinds.append(JobPower.Kind(pipeline: pipelines[source].name, frontier: frontier, memberCount: count))
    }
    let fastest = kinds.reduce(0) { max($0, $1.frontier.frontier.plans[0].iterationTimeSeconds) }
    return JobPower(name: job.name, kinds: kinds, slowestTimeSeconds: job.slowestTimeSeconds ?? fastest)
  }
}
