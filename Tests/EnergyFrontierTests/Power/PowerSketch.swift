import Basics
import EnergyFrontier

/// A random problem of power, with what its jobs are made of at hand.
struct PowerSketch {
  /// For each class its pipelines: plans, waiting power, count.
  var classes: [[PaceLadder.Pipelines]] = []
  var jobs: [PowerProblem.JobEntry] = []
  var capsWatts: [Double] = []
  var within: [Int?] = []
  var mayPause = false
  var measure = PowerMeasure.average

  /// Up to three classes of one or two kinds of pipelines, up to five jobs, some of them counted, up to four groups,
  /// some of them nested. Every third seed may pause; every fifth caps peaks.
  init(seed: UInt64, countLimit: Int = 3) {
    var generator = SplitMix64(seed: seed &+ 0x90E)
    mayPause = seed % 3 == 0
    measure = seed % 5 == 4 ? .peak : .average
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      classes.append(
        (0..<Int.random(in: 1...2, using: &generator)).map { _ in
          PaceLadder.Pipelines(
            plans: Self.plans(using: &generator), waitingPowerWatts: Double.random(in: 0...4, using: &generator),
            count: Double(Int.random(in: 1...3, using: &generator)))
        })
    }
    let groupCount = Int.random(in: 0...4, using: &generator)
    within = (0..<groupCount).map { group in
      group > 0 && Bool.random(using: &generator) ? Int.random(in: 0..<group, using: &generator) : nil
    }
    jobs = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
      .init(
        jobClass: Int.random(in: classes.indices, using: &generator),
        weight: [1, 1, Double.random(in: 0.5...3, using: &generator)].randomElement(using: &generator)!,
        count: Int.random(in: 1...countLimit, using: &generator),
        group: Int.random(in: 0...groupCount, using: &generator))
    }
    // Caps between the least and the most that is in each group.
    capsWatts = Array(repeating: .infinity, count: groupCount)
    let free = problem()
    let (least, most) = (loads(free) { $0.ladder.slowest }, loads(free) { $0.ladder.fastest })
    let (_, numbers) = PowerGroups.numbered(capsWatts: capsWatts, within: within)!
    for (group, number) in numbers.enumerated() {
      capsWatts[group] =
        least[number] + Double.random(in: 0...1.2, using: &generator) * (most[number] - least[number]) + 1e-9
    }
  }

  /// Plans by rising time and falling energy.
  private static func plans(using generator: inout SplitMix64) -> [PlanPower] {
    var (time, energy) = (Double.random(in: 1...2, using: &generator), Double.random(in: 40...80, using: &generator))
    return (0..<Int.random(in: 1...4, using: &generator)).map { _ in
      defer {
        time += Double.random(in: 0.05...0.6, using: &generator)
        energy *= Double.random(in: 0.85...0.99, using: &generator)
      }
      return PlanPower(
        iterationTimeSeconds: time, energyJoules: energy,
        peakPowerWatts: energy / time * Double.random(in: 1...1.6, using: &generator))
    }
  }

  func ladder(_ index: Int) -> PaceLadder {
    PaceLadder(classes[index], measure: measure, mayWait: mayPause)
  }

  /// What no mixture of plans beats: the hull of what each kind of pipelines can do on average, summed.
  func bound(_ index: Int) -> PowerCurve {
    let curves = classes[index].map { pipelines in
      let points = pipelines.plans.map {
        PowerCurve.Corner(
          iterationsPerSecond: 1 / $0.iterationTimeSeconds, powerWatts: $0.energyJoules / $0.iterationTimeSeconds)
      }
      let still = PowerCurve.Corner(iterationsPerSecond: 0, powerWatts: pipelines.waitingPowerWatts)
      return (PowerCurve(hullOf: points + [still]), pipelines.count)
    }
    let slowest = mayPause ? 0 : 1 / ladder(index).slowest.iterationTimeSeconds
    return PowerCurve(lockstep: curves).clipped(from: slowest, to: .infinity)
  }

  /// - Parameter expanded: each copy a job of its own.
  func problem(expanded: Bool = false) -> PowerProblem {
    let (groups, numbers) = PowerGroups.numbered(capsWatts: capsWatts, within: within)!
    var described: [PowerProblem.JobEntry] = []
    for job in jobs {
      let group = job.group == 0 ? 0 : numbers[job.group - 1]
      for _ in 0..<(expanded ? job.count : 1) {
        described.append(
          .init(jobClass: job.jobClass, weight: job.weight, count: expanded ? 1 : job.count, group: group))
      }
    }
    return PowerProblem(
      classes: classes.indices.map { .init(bound: bound($0), ladder: ladder($0)) }, jobs: described, groups: groups)
  }

  /// What each group draws when every job runs at a pace.
  private func loads(_ problem: PowerProblem, _ pace: (PowerProblem.JobClass) -> PaceLadder.Pace) -> [Double] {
    problem.groups.capsWatts.indices.map { group in
      problem.jobs.reduce(0) { sum, job in
        guard problem.groups.isWithin(job.group, group) else { return sum }
        return sum + Double(job.count) * pace(problem.classes[job.jobClass]).powerWatts
      }
    }
  }

  /// A budget between the least and the most power, at a share of the way.
  func budgetWatts(_ share: Double) -> Double {
    let problem = problem()
    let (least, most) = (loads(problem) { $0.ladder.slowest }[0], loads(problem) { $0.ladder.fastest }[0])
    return least + share * (most - least) + 1e-9
  }
}
