package import Basics
package import EnergyFrontier

/// A question about power for several jobs.
package struct PowerRequest: Sendable {
  package var jobs: [JobEntry]
  package var groups: [Group] = []
  package var budgets: [Budget]
  /// Joules of all budgets' time together; nil where they are not limited.
  package var energyBudgetJoules: Double?
  package var measure = PowerMeasure.average
  package var mayPause = false

  package init(jobs: [JobEntry], budgets: [Budget]) { (self.jobs, self.budgets) = (jobs, budgets) }

  /// A job, or several that are alike.
  package struct JobEntry: Sendable {
    package var job: String
    package var count = 1
    /// What its whole rate is worth; its number of devices where nil.
    package var weight: Double?
    /// The least share of its fastest rate that it may be slowed to.
    package var minimumRateFraction = 0.0
    /// The group that all of it is in.
    package var group: ExactString?
    /// Or which of it is where; what is not mentioned is in no group.
    package var placements: [Placement] = []

    package init(job: String) { self.job = job }
  }

  /// Some of a job's pipelines, or some ranks of these, in one group.
  package struct Placement: Sendable {
    package var group: ExactString
    /// The pipeline that has their definition; may be nil where the job has one kind of pipelines.
    package var pipeline: String?
    /// Every data-parallel replica counted.
    package var pipelineCount = 1
    /// All ranks where nil.
    package var ranks: [Int]?

    package init(group: ExactString) { self.group = group }
  }

  package struct Group: Sendable {
    package var name: ExactString
    /// The group around it.
    package var within: ExactString?
    package var capWatts: Double

    package init(name: ExactString, within: ExactString?, capWatts: Double) {
      (self.name, self.within, self.capWatts) = (name, within, capWatts)
    }
  }

  package struct Budget: Sendable {
    /// On any clock; nil where there is one budget without a time.
    package var startSeconds: Double?
    package var durationSeconds: Double
    /// Nil where power is not limited.
    package var budgetWatts: Double?

    package init(startSeconds: Double?, durationSeconds: Double, budgetWatts: Double?) {
      (self.startSeconds, self.durationSeconds) = (startSeconds, durationSeconds)
      self.budgetWatts = budgetWatts
    }
  }
}

/// What each job does in each interval.
package struct PowerDivision: Sendable {
  package let intervals: [Interval]
  /// The sum of all weights: what jobs are worth at their fastest.
  package let totalRate: Double
  /// Nil where budgets have no time, or powers are peaks.
  package let energyJoules: Double?

  package struct Interval: Sendable {
    package let budget: PowerRequest.Budget
    /// By the measure that was asked for.
    package let powerWatts: Double
    package let lostRate: Double
    package let lowerBoundLostRate: Double
    /// What share of the rate that is left in the bound the plans do not reach.
    package let gapFraction: Double
    /// In the order of the request.
    package let jobs: [JobChoices]
    package let groups: [Group]
  }

  /// What jobs that are alike do in an interval.
  package struct JobChoices: Sendable {
    package let job: String
    package let choices: [Choice]
  }

  /// Some of the jobs that are alike, all at one pace.
  package struct Choice: Sendable {
    package let count: Int
    package let pace: JobPace
    /// The share of its fastest rate that each has.
    package let rateFraction: Double
  }

  package struct Group: Sendable {
    package let name: ExactString
    package let powerWatts: Double
  }
}
