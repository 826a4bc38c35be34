/// Jobs that share power: what each can do, what it is worth, and where it is.
public struct PowerProblem: Sendable {
  /// Jobs that have the same pipelines.
  public struct JobClass: Sendable {
    /// What no choice of plans can beat.
    public let bound: PowerCurve
    public let ladder: PaceLadder

    public init(bound: PowerCurve, ladder: PaceLadder) {
      (self.bound, self.ladder) = (bound, ladder)
    }
  }

  /// Jobs that are alike, each with a pace of its own.
  public struct JobEntry: Sendable {
    /// Index of its class.
    public let jobClass: Int
    /// What all of its rate is worth beside that of other jobs; positive.
    public let weight: Double
    public let count: Int
    /// The smallest group that contains all of it.
    public let group: Int
    /// What of it is in smaller groups.
    public let parts: [Part]

    public init(jobClass: Int, weight: Double, count: Int = 1, group: Int = 0, parts: [Part] = []) {
      (self.jobClass, self.weight, self.count) = (jobClass, weight, count)
      (self.group, self.parts) = (group, parts)
    }
  }

  /// What of a job is in one group: some of its pipelines, or some ranks of them.
  public struct Part: Sendable {
    public let group: Int
    /// What it draws while the job runs the plans of a step of its ladder.
    public let draw: @Sendable (_ step: Int) -> PowerDraw
    /// The least it can draw at a rate of the job; nil where the lower bound does not say, as of single ranks.
    public let bound: PowerCurve?
    /// The share of the job's power that it draws, where that is the same at every rate.
    public let share: Double?

    public init(
      group: Int, bound: PowerCurve?, share: Double? = nil, draw: @escaping @Sendable (_ step: Int) -> PowerDraw
    ) {
      (self.group, self.bound, self.share, self.draw) = (group, bound, share, draw)
    }

    func powerWatts(_ pace: PaceLadder.Pace) -> Double { draw(pace.step).powerWatts(at: pace.iterationTimeSeconds) }
  }

  public let classes: [JobClass]
  public let jobs: [JobEntry]
  public let groups: PowerGroups

  public init(classes: [JobClass], jobs: [JobEntry], groups: PowerGroups = PowerGroups()) {
    (self.classes, self.jobs, self.groups) = (classes, jobs, groups)
  }

  /// What all jobs are worth at their fastest.
  public var totalRate: Double { jobs.reduce(0) { $0 + Double($1.count) * $1.weight } }

  /// The groups around a part that do not contain all of its job.
  func forEachGroup(of part: Part, _ job: JobEntry, _ body: (Int) -> Void) {
    groups.forEach(from: part.group) { if !groups.isWithin(job.group, $0) { body($0) } }
  }

  func jobClass(_ job: Int) -> JobClass { classes[jobs[job].jobClass] }

  /// What one iteration a second of one job is worth.
  func worth(_ job: Int) -> Double { jobs[job].weight / jobClass(job).bound.fastest.iterationsPerSecond }

  /// What of the weighted rate one job loses at a rate.
  func lostRate(_ job: Int, iterationsPerSecond rate: Double) -> Double { jobs[job].weight - worth(job) * rate }
}

/// Even at the slowest paces jobs need more than there is.
public enum PowerShortage: Error, Equatable, Sendable {
  /// A group cannot stay within its cap.
  case group(Int, leastPowerWatts: Double)
  /// All jobs together cannot stay within a budget.
  case budget(leastPowerWatts: Double)
  /// Nor within the joules of a whole series of budgets.
  case energy(leastEnergyJoules: Double)
}

/// What each job does within a budget.
public struct PowerAllocation: Sendable, Equatable {
  /// Some of a job's copies at one pace.
  public struct Choice: Sendable, Equatable {
    public let pace: PaceLadder.Pace
    public internal(set) var count: Int
  }

  /// For each job its choices, by rising iteration time.
  public let choices: [[Choice]]
  /// For each group, the whole first.
  public let powersWatts: [Double]
  /// The sum of the jobs' weights times the share of its rate that each loses.
  public let lostRate: Double
  /// No choice of plans, nor any mixture, loses less.
  public let boundLostRate: Double
}
