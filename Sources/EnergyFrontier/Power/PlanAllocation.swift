internal import Basics

/// Plans for all jobs that keep every cap.
///
/// 1. Allocate watts over the lower hulls of the ladders. All jobs then stand at corners of their hulls, which are
///    paces, but for one copy in each group whose cap binds; that one steps down to the fastest pace within its watts.
/// 2. Caps that hold parts of a job were not known to step 1. While one is exceeded, the job there that loses the least
///    rate for each watt steps down.
/// 3. What is left of the caps is filled: a copy that can go faster within all caps around it does, those first that
///    gain the most for each watt. Paces off the hull serve here.
/// 4. With few jobs single steps matter: a copy steps down for others to use its watts, if all together then gain.
///
/// Choosing one pace for each job under a cap is the multiple-choice knapsack problem, which is NP-hard; after step 1
/// the loss against the best choice is at most that of one copy in each group whose cap binds (Sinha and Zoltners 1979,
/// 10.1287/opre.27.3.503).
struct PlanAllocation {
  private(set) var choices: [[PowerAllocation.Choice]]
  /// What each group draws.
  private(set) var loadsWatts: [Double]
  private(set) var lostRate = 0.0
  private let problem: PowerProblem
  private let capsWatts: [Double]

  /// Sums of rounded figures may exceed a cap by this share of it.
  private static let tolerance = 1e-10
  /// Jobs up to which single steps are traded.
  private static let tradingLimit = 24

  /// All jobs at their slowest.
  init(slowestOf problem: PowerProblem) {
    self.init(
      problem, budgetWatts: .infinity,
      problem.jobs.indices.map {
        [.init(pace: problem.jobClass($0).ladder.slowest, count: problem.jobs[$0].count)]
      })
  }

  /// - Parameter shares: those of the budget over the hulls of the ladders.
  init(of problem: PowerProblem, _ shares: [[WattAllocation.Share]], budgetWatts: Double) {
    self.init(
      problem, budgetWatts: budgetWatts,
      shares.enumerated().map { job, shares in
        let ladder = problem.jobClass(job).ladder
        return shares.map { .init(pace: ladder.pace(withinWatts: $0.powerWatts) ?? ladder.slowest, count: $0.count) }
      })
    keepCapsOfParts()
    fill()
    if problem.jobs.count <= Self.tradingLimit { trade() }
    for job in choices.indices { choices[job].sort { $0.pace.iterationTimeSeconds < $1.pace.iterationTimeSeconds } }
    // Once more from the choices, without the rounding of all moves.
    self.init(problem, budgetWatts: budgetWatts, choices)
  }

  private init(_ problem: PowerProblem, budgetWatts: Double, _ choices: [[PowerAllocation.Choice]]) {
    self.problem = problem
    capsWatts = [budgetWatts] + problem.groups.capsWatts.dropFirst()
    self.choices = choices
    loadsWatts = Array(repeating: 0, count: problem.groups.count)
    for (job, choices) in choices.enumerated() {
      for choice in choices { add(job, choice.pace, count: choice.count) }
    }
  }

  /// Whether a group is within its cap.
  func fits(_ group: Int) -> Bool { loadsWatts[group] <= capsWatts[group] * (1 + Self.tolerance) }

  private func ladder(_ job: Int) -> PaceLadder { problem.jobClass(job).ladder }

  /// Counts copies of a job at a pace; a negative count takes them away.
  private mutating func add(_ job: Int, _ pace: PaceLadder.Pace, count: Int) {
    let described = problem.jobs[job]
    lostRate += Double(count) * problem.lostRate(job, iterationsPerSecond: 1 / pace.iterationTimeSeconds)
    problem.groups.forEach(from: described.group) { loadsWatts[$0] += Double(count) * pace.powerWatts }
    for part in described.parts {
      let watts = Double(count) * part.powerWatts(pace)
      problem.forEachGroup(of: part, described) { loadsWatts[$0] += watts }
    }
  }

  /// Moves one copy from a choice to a pace.
  private mutating func move(_ job: Int, from choice: Int, to pace: PaceLadder.Pace) {
    add(job, choices[job][choice].pace, count: -1)
    add(job, pace, count: 1)
    choices[job][choice].count -= 1
    if let same = choices[job].firstIndex(where: { $0.pace == pace }) {
      choices[job][same].count += 1
    } else {
      choices[job].append(.init(pace: pace, count: 1))
    }
    choices[job].removeAll { $0.count == 0 }
  }

  // MARK: Step 2

  private mutating func keepCapsOfParts() {
    var members: [Int: [Int]] = [:]
    for (index, job) in problem.jobs.enumerated() {
      var groups: Set<Int> = []
      for part in job.parts { problem.forEachGroup(of: part, job) { groups.insert($0) } }
      for group in groups { members[group, default: []].append(index) }
    }
    // What is wholly within such a group may have to give way there too.
    for (index, job) in problem.jobs.enumerated() where !members.isEmpty {
      problem.groups.forEach(from: job.group) { members[$0]?.append(index) }
    }
    for (group, jobs) in members.sorted(by: { $0.key < $1.key }) {
      while !fits(group) {
        var steps: [(job: Int, from: PaceLadder.Pace, to: PaceLadder.Pace, loss: Double)] = []
        for job in jobs {
          for choice in choices[job] {
            guard let (pace, saved) = slower(job, choice.pace, savingIn: group) else { continue }
            let rates = 1 / choice.pace.iterationTimeSeconds - 1 / pace.iterationTimeSeconds
            steps.append((job, choice.pace, pace, rates * problem.worth(job) / saved))
          }
        }
        // Only what is in the group at its slowest could be left, and that was found to fit.
        if steps.isEmpty { break }
        for step in steps.sorted(by: { ($0.loss, $0.job) < ($1.loss, $1.job) }) {
          while !fits(group), let choice = choices[step.job].firstIndex(where: { $0.pace == step.from }) {
            move(step.job, from: choice, to: step.to)
            // The last one gives up no more than it must.
            if fits(group) { raise(step.job, from: step.to) }
          }
        }
      }
    }
  }

  /// The next slower corner of a job's ladder at which it draws less in a group, and how much less.
  private func slower(
    _ job: Int, _ pace: PaceLadder.Pace, savingIn group: Int
  ) -> (pace: PaceLadder.Pace, savedWatts: Double)? {
    let described = problem.jobs[job]
    let parts = described.parts.filter { problem.groups.isWithin($0.group, group) }
    func watts(_ pace: PaceLadder.Pace) -> Double {
      problem.groups.isWithin(described.group, group) ? pace.powerWatts : parts.reduce(0) { $0 + $1.powerWatts(pace) }
    }
    let (ladder, now) = (ladder(job), watts(pace))
    var last = pace
    while true {
      let slower = ladder.corner(after: last)
      guard slower.iterationTimeSeconds > last.iterationTimeSeconds else { return nil }
      // Single ranks may draw more in a slower plan.
      if watts(slower) < now { return (slower, now - watts(slower)) }
      last = slower
    }
  }

  /// Moves one copy from a pace to the fastest within all caps.
  private mutating func raise(_ job: Int, from pace: PaceLadder.Pace) {
    guard let choice = choices[job].firstIndex(where: { $0.pace == pace }), let faster = faster(job, pace) else {
      return
    }
    move(job, from: choice, to: faster)
  }

  // MARK: Step 3

  private mutating func fill(sparing spared: Int? = nil) {
    while true {
      var gains: [(job: Int, gain: Double)] = []
      for job in choices.indices where job != spared {
        let best = choices[job].compactMap { gain(job, $0.pace) }.max()
        if let best { gains.append((job, best)) }
      }
      if gains.isEmpty { return }
      gains.sort { ($1.gain, $0.job) < ($0.gain, $1.job) }
      for (job, _) in gains {
        while let choice = choices[job].indices.first(where: { faster(job, choices[job][$0].pace) != nil }),
          let pace = faster(job, choices[job][choice].pace)
        {
          move(job, from: choice, to: pace)
        }
      }
    }
  }

  /// The rate that a copy gains for each watt by going as fast as the caps allow; nil where it can go no faster.
  private func gain(_ job: Int, _ now: PaceLadder.Pace) -> Double? {
    guard let pace = faster(job, now) else { return nil }
    return (1 / pace.iterationTimeSeconds - 1 / now.iterationTimeSeconds) * problem.worth(job)
      / max(pace.powerWatts - now.powerWatts, .leastNormalMagnitude)
  }

  /// The fastest pace to which one copy can move within all caps; nil where there is none faster than its own.
  private func faster(_ job: Int, _ now: PaceLadder.Pace) -> PaceLadder.Pace? {
    let (described, ladder) = (problem.jobs[job], ladder(job))
    var slack = Double.infinity
    problem.groups.forEach(from: described.group) { slack = min(slack, capsWatts[$0] - loadsWatts[$0]) }
    let watts = now.powerWatts + max(0, slack)
    let room = roomForParts(described, now)
    let steps = ladder.steps.indices
    // What falls along the steps is not kept by any before the first, but for the one before it with a wait.
    var first = steps.partitioningIndex { ladder.steps[$0].powerWatts <= watts }
    for room in room where room.isFalling {
      let time = { ladder.steps[$0].iterationTimeSeconds }
      first = max(first, steps.partitioningIndex { room.draw($0).powerWatts(at: time($0)) <= room.watts })
    }
    for step in max(0, first - 1)..<max(0, first - 1, min(now.step + 1, steps.count)) {
      let caps = [(ladder.steps[step].draw, watts)] + room.map { ($0.draw(step), $0.watts) }
      guard let pace = ladder.pace(ofStep: step, keeping: caps) else { continue }
      // A shorter wait that gains less than this is rounding.
      return pace.iterationTimeSeconds < now.iterationTimeSeconds * (1 - 1e-9) ? pace : nil
    }
    return nil
  }

  /// What one copy of a job may draw in a smaller group with parts of it, and what it draws.
  private struct Room {
    let watts: Double
    /// Whether the draw falls along the steps, as that of whole pipelines does.
    let isFalling: Bool
    let parts: [PowerProblem.Part]

    func draw(_ step: Int) -> PowerDraw {
      parts.reduce(into: PowerDraw(watts: 0, joules: 0)) { $0 += $1.draw(step) }
    }
  }

  private func roomForParts(_ job: PowerProblem.JobEntry, _ now: PaceLadder.Pace) -> [Room] {
    var parts: [Int: [PowerProblem.Part]] = [:]
    for part in job.parts { problem.forEachGroup(of: part, job) { parts[$0, default: []].append(part) } }
    return parts.filter { capsWatts[$0.key] < .infinity }.map { group, parts in
      Room(
        watts: parts.reduce(0) { $0 + $1.powerWatts(now) } + max(0, capsWatts[group] - loadsWatts[group]),
        isFalling: parts.allSatisfy { $0.bound != nil }, parts: parts)
    }
  }

  // MARK: Step 4

  private mutating func trade() {
    var isImproving = true
    while isImproving {
      isImproving = false
      for job in choices.indices {
        for choice in choices[job].indices.reversed() where choice < choices[job].count {
          let pace = choices[job][choice].pace
          guard pace.step + 1 < ladder(job).steps.count else { continue }
          var traded = self
          traded.move(job, from: choice, to: ladder(job).pace(ofStep: pace.step + 1))
          traded.fill(sparing: job)
          traded.fill()
          if traded.lostRate < lostRate - 1e-12 * problem.totalRate, traded.loadsWatts.indices.allSatisfy(traded.fits) {
            self = traded
            isImproving = true
          }
        }
      }
    }
  }
}
