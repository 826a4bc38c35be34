internal import Basics

/// Divides power among jobs, so that the rate they lose together is least.
///
/// A job loses `1 - T / S` of its rate when its iterations last `S` and could last `T`; the total counts each job by
/// its weight. For each budget there are two answers:
///
/// * the *bound*, which no plans and no mixtures of them beat: ``WattAllocation`` over the jobs' ``PowerCurve``s;
/// * *plans*, which keep every cap: ``PlanAllocation`` over their ``PaceLadder``s.
///
/// Their difference is the certificate of the plans.
public struct PowerAllocator: Sendable {
  public let problem: PowerProblem
  /// What all jobs draw together at their slowest paces.
  public let leastPowerWatts: Double
  private let onBound: WattAllocation
  private let onPlans: WattAllocation
  private let boundCurves: [PowerCurve]
  /// For each job its curve among the former.
  private let curveOfJob: [Int]

  /// - Throws: ``PowerShortage`` where a group cannot stay within its cap even at the slowest paces.
  public init(_ problem: PowerProblem) throws(PowerShortage) {
    self.problem = problem
    let slowest = PlanAllocation(slowestOf: problem)
    leastPowerWatts = slowest.loadsWatts[0]
    for group in problem.groups.capsWatts.indices where !slowest.fits(group) {
      throw .group(group, leastPowerWatts: slowest.loadsWatts[group])
    }
    var curves = problem.classes.map(\.bound)
    var curveOfJob = problem.jobs.map(\.jobClass)
    let whole = WattAllocation(problem, curves, curveOfJob)
    let least = whole.leastPowersWatts
    for job in problem.jobs.indices where !problem.jobs[job].parts.isEmpty {
      let rate = problem.rateLimit(job, leastPowersWatts: least)
      guard rate < problem.jobClass(job).bound.fastest.iterationsPerSecond else { continue }
      curveOfJob[job] = curves.count
      curves.append(problem.jobClass(job).bound.clipped(from: 0, to: rate))
    }
    (boundCurves, self.curveOfJob) = (curves, curveOfJob)
    onBound = curves.count == problem.classes.count ? whole : WattAllocation(problem, curves, curveOfJob)
    onPlans = WattAllocation(problem, problem.classes.map(\.ladder.hull), problem.jobs.map(\.jobClass))
  }

  /// The allocation of a budget.
  ///
  /// - Throws: ``PowerShortage`` where even the slowest paces draw more.
  public func allocation(ofBudgetWatts budget: Double) throws(PowerShortage) -> PowerAllocation {
    guard budget >= leastPowerWatts else { throw .budget(leastPowerWatts: leastPowerWatts) }
    var boundLost = 0.0
    for (job, shares) in onBound.shares(ofBudgetWatts: budget).enumerated() {
      let curve = boundCurves[curveOfJob[job]]
      for share in shares {
        let rate = curve.iterationsPerSecond(withinWatts: share.powerWatts) ?? curve.leastPower.iterationsPerSecond
        boundLost += Double(share.count) * problem.lostRate(job, iterationsPerSecond: rate)
      }
    }
    let plans = PlanAllocation(of: problem, onPlans.shares(ofBudgetWatts: budget), budgetWatts: budget)
    return PowerAllocation(
      choices: plans.choices, powersWatts: plans.loadsWatts, lostRate: plans.lostRate, boundLostRate: boundLost)
  }
}

extension WattAllocation {
  fileprivate init(_ problem: PowerProblem, _ curves: [PowerCurve], _ curveOfJob: [Int]) {
    self.init(
      problem.jobs.indices.map {
        Consumer(
          curve: curveOfJob[$0], worth: problem.worth($0), count: problem.jobs[$0].count, group: problem.jobs[$0].group)
      }, curves: curves, in: problem.groups)
  }
}

extension PowerProblem {
  /// The greatest rate of a job at which its parts, beside the least that all else there draws, keep the caps of their
  /// groups. So the bound is exact where no other job has parts in these groups.
  fileprivate func rateLimit(_ index: Int, leastPowersWatts: [Double]) -> Double {
    var limit = Double.infinity
    for group in Set(jobs[index].parts.map(\.group)) {
      groups.forEach(from: group) { group in
        let own = jobs[index].parts.filter { groups.isWithin($0.group, group) }.compactMap(\.bound)
        guard !groups.isWithin(jobs[index].group, group), groups.capsWatts[group] < .infinity, !own.isEmpty else {
          return
        }
        var others = leastPowersWatts[group]
        for (other, job) in jobs.enumerated() {
          let count = Double(other == index ? job.count - 1 : job.count)
          for part in job.parts where groups.isWithin(part.group, group) && !groups.isWithin(job.group, group) {
            others += count * (part.bound?.leastPower.powerWatts ?? 0)
          }
        }
        let curve = PowerCurve(lockstep: own.map { ($0, 1) })
        limit = min(
          limit,
          curve.iterationsPerSecond(withinWatts: groups.capsWatts[group] - others)
            ?? curve.leastPower.iterationsPerSecond)
      }
    }
    return limit
  }
}
