internal import Basics

/// Divides power among jobs, so that the rate they lose together is least.
///
/// A job loses `1 - T / S` of its rate when its iterations last `S` and could last `T`; the total counts each job by
/// its weight. For each budget there are two answers:
///
/// * the *bound*, which no plans and no mixtures of them beat: ``WattAllocation`` over the jobs' ``PowerCurve``s, with
///   ``PartPrices`` where jobs have parts in capped groups;
/// * *plans*, which keep every cap: ``PlanAllocation`` over their ``PaceLadder``s.
///
/// Their difference is the certificate of the plans.
public struct PowerAllocator: Sendable {
  public let problem: PowerProblem
  /// What all jobs draw together at their slowest paces.
  public let leastPowerWatts: Double
  /// For each job what no plans beat.
  private let bounds: PricedCurves
  /// For each job the lower hull of its paces.
  private let hulls: PricedCurves
  /// Prices for parts of jobs, none found yet; nil without such parts.
  private let prices: PartPrices?

  /// - Throws: ``PowerShortage`` where a group cannot stay within its cap even at the slowest paces.
  public init(_ problem: PowerProblem) throws(PowerShortage) {
    self.problem = problem
    let slowest = PlanAllocation(slowestOf: problem)
    leastPowerWatts = slowest.loadsWatts[0]
    for group in problem.groups.capsWatts.indices where !slowest.fits(group) {
      throw .group(group, leastPowerWatts: slowest.loadsWatts[group])
    }
    let free = PricedCurves(problem, problem.classes.map(\.bound), problem.jobs.map(\.jobClass))
    let least = free.allocation.leastPowersWatts
    bounds = problem.jobs.allSatisfy(\.parts.isEmpty) ? free : free.limited(by: problem, leastLoads: least)
    hulls = PricedCurves(problem, problem.classes.map(\.ladder.hull), problem.jobs.map(\.jobClass))
    prices = PartPrices(problem, curves: bounds.curveOfJob.map { [bounds] in bounds.curves[$0] })
  }

  /// The allocation of a budget.
  ///
  /// - Parameter effort: the share of the usual search for prices of parts; the bound and plans hold with any.
  /// - Throws: ``PowerShortage`` where even the slowest paces draw more.
  public func allocation(ofBudgetWatts budget: Double, effort: Double = 1) throws(PowerShortage) -> PowerAllocation {
    guard budget >= leastPowerWatts else { throw .budget(leastPowerWatts: leastPowerWatts) }
    var bound = bounds.allocation.outcome(problem, bounds, budgetWatts: budget)
    var plans = PlanAllocation(
      of: problem, hulls.allocation.shares(ofBudgetWatts: budget), budgetWatts: budget)
    var best = bound.lostRate
    guard var prices else { return PowerAllocation(plans, boundLostRate: best) }
    var (improved, reach) = (Self.searchCount, 0.5)
    let stepCount = Int(effort * Self.priceWork / Double(problem.jobs.count))
    for round in 0..<(Self.searchCount + min(stepCount, Self.greatestStepCount)) {
      if round < Self.searchCount {
        // Prices of parts change what watts are worth around their jobs, and the other way round.
        prices.search(costsAround: problem.jobs.map { bound.prices[$0.group] })
      } else {
        // The best bound is between this one and the plans; where steps that long gain nothing, it is nearer.
        if round - improved > Self.patience { (improved, reach) = (round, reach / 2) }
        let level = best + reach * (plans.lostRate - best)
        prices.step(missing: level - (bound.lostRate - prices.capsWorth), powersWatts: bound.powersWatts)
      }
      let costs = prices.costsPerWatt
      bound = bounds.with(problem, costs).outcome(problem, bounds, budgetWatts: budget, costsPerWatt: costs)
      let isBetter = bound.lostRate - prices.capsWorth > best
      if isBetter { improved = round }
      if isBetter || round < Self.searchCount {
        best = max(best, bound.lostRate - prices.capsWorth)
        let priced = PlanAllocation(
          of: problem, hulls.with(problem, costs).shares(ofBudgetWatts: budget), budgetWatts: budget)
        if priced.lostRate < plans.lostRate { plans = priced }
      }
    }
    return PowerAllocation(plans, boundLostRate: best)
  }

  private static let searchCount = 3
  private static let greatestStepCount = 200
  private static let patience = 6
  /// Jobs times steps for a budget.
  private static let priceWork = 4000.0
}

extension PowerAllocation {
  fileprivate init(_ plans: PlanAllocation, boundLostRate: Double) {
    self.init(
      choices: plans.choices, powersWatts: plans.loadsWatts, lostRate: plans.lostRate, boundLostRate: boundLostRate)
  }
}

/// A curve for each job.
private struct PricedCurves {
  let curves: [PowerCurve]
  let curveOfJob: [Int]
  /// Without costs for parts.
  let allocation: WattAllocation

  init(_ problem: PowerProblem, _ curves: [PowerCurve], _ curveOfJob: [Int]) {
    (self.curves, self.curveOfJob) = (curves, curveOfJob)
    allocation = WattAllocation(problem, curves, curveOfJob, costsPerWatt: nil)
  }

  func with(_ problem: PowerProblem, _ costsPerWatt: [Double]) -> WattAllocation {
    WattAllocation(problem, curves, curveOfJob, costsPerWatt: costsPerWatt)
  }

  /// With no rate at which a job alone exceeds the caps of its parts.
  func limited(by problem: PowerProblem, leastLoads: [Double]) -> PricedCurves {
    var (curves, curveOfJob) = (curves, curveOfJob)
    let loads = zip(leastLoads, problem.leastPartLoads).map { $0 + $1 }
    for job in problem.jobs.indices where !problem.jobs[job].parts.isEmpty {
      let rate = problem.rateLimit(job, leastLoads: loads)
      guard rate < problem.jobClass(job).bound.fastest.iterationsPerSecond else { continue }
      curveOfJob[job] = curves.count
      curves.append(problem.jobClass(job).bound.clipped(from: 0, to: rate))
    }
    return PricedCurves(problem, curves, curveOfJob)
  }
}

extension WattAllocation {
  fileprivate init(
    _ problem: PowerProblem, _ curves: [PowerCurve], _ curveOfJob: [Int], costsPerWatt: [Double]?
  ) {
    self.init(
      problem.jobs.indices.map {
        Consumer(
          curve: curveOfJob[$0], worth: problem.worth($0), count: problem.jobs[$0].count,
          group: problem.jobs[$0].group, costPerWatt: costsPerWatt?[$0] ?? 0)
      }, curves: curves, in: problem.groups)
  }

  /// What all jobs lose within a budget, with what their watts cost; what each draws, all copies together; and the
  /// price of a watt in each group.
  fileprivate func outcome(
    _ problem: PowerProblem, _ bounds: PricedCurves, budgetWatts: Double, costsPerWatt: [Double]? = nil
  ) -> (lostRate: Double, powersWatts: [Double], prices: [Double]) {
    let solution = solution(ofBudgetWatts: budgetWatts)
    var (lost, powers) = (0.0, [Double]())
    for (job, shares) in solution.shares.enumerated() {
      let curve = bounds.curves[bounds.curveOfJob[job]]
      for share in shares {
        let rate = curve.iterationsPerSecond(withinWatts: share.powerWatts) ?? curve.leastPower.iterationsPerSecond
        lost += Double(share.count) * problem.lostRate(job, iterationsPerSecond: rate)
      }
      let watts = shares.reduce(0) { $0 + Double($1.count) * $1.powerWatts }
      lost += (costsPerWatt?[job] ?? 0) * watts
      powers.append(watts)
    }
    return (lost, powers, solution.prices)
  }
}

extension PowerProblem {
  /// For each group the least that the parts in it draw. O(parts depth).
  fileprivate var leastPartLoads: [Double] {
    var loads = groups.capsWatts.map { _ in 0.0 }
    for job in jobs {
      for part in job.parts {
        forEachGroup(of: part, job) { loads[$0] += Double(job.count) * (part.bound?.leastPower.powerWatts ?? 0) }
      }
    }
    return loads
  }

  /// The greatest rate of a job at which its parts, beside the least that all else there draws, keep the caps of their
  /// groups. So the bound is exact where no other job has parts in these groups.
  fileprivate func rateLimit(_ index: Int, leastLoads: [Double]) -> Double {
    let job = jobs[index]
    var here: [Int: [PowerCurve]] = [:]
    for part in job.parts {
      guard let bound = part.bound else { continue }
      forEachGroup(of: part, job) { here[$0, default: []].append(bound) }
    }
    var limit = Double.infinity
    for (group, own) in here where groups.capsWatts[group] < .infinity {
      let least = own.reduce(0) { $0 + $1.leastPower.powerWatts }
      let curve = PowerCurve(lockstep: own.map { ($0, 1) })
      let rate = curve.iterationsPerSecond(withinWatts: groups.capsWatts[group] - leastLoads[group] + least)
      limit = min(limit, rate ?? curve.leastPower.iterationsPerSecond)
    }
    return limit
  }
}
