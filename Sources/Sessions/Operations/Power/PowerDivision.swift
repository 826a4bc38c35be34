internal import Basics
internal import EnergyFrontier
internal import JSON

extension SessionState {
  /// Divides power among jobs, for each of a series of budgets; see ``PowerAllocator``.
  ///
  /// - Throws: ``RequestError`` of kind `unknownJob`, `notCharacterized`, `unknownRank`, `invalidPlacement` or
  ///   `objectiveOutOfReach`.
  /// - Complexity: that of ``PowerAllocator``; placements of single ranks cost O(plans * instructions log
  ///   instructions).
  package func divide(_ request: PowerRequest) throws(RequestError) -> PowerDivision {
    let named = try NamedGroups(request.groups)
    let description = try PowerDescription(request, named, of: self)
    let allocations: [PowerAllocation]
    do throws(PowerShortage) {
      let problem = PowerProblem(
        classes: description.classes.map(\.power), jobs: description.jobs, groups: named.groups)
      allocations = try PowerAllocator(problem).allocations(
        of: request.budgets.map {
          PowerBudget(durationSeconds: $0.durationSeconds, budgetWatts: $0.budgetWatts ?? .infinity)
        }, energyJoules: request.energyBudgetJoules)
    } catch {
      throw RequestError(error, request, named)
    }
    let total = description.totalRate
    return PowerDivision(
      intervals: zip(request.budgets, allocations).map { budget, allocation in
        // What differs by rounding is equal.
        let isTight = allocation.lostRate <= allocation.boundLostRate + 1e-12 * total
        let bound = isTight ? allocation.lostRate : allocation.boundLostRate
        return .init(
          budget: budget, powerWatts: allocation.powersWatts[0], lostRate: max(0, allocation.lostRate),
          lowerBoundLostRate: max(0, bound),
          gapFraction: total > bound ? (allocation.lostRate - bound) / (total - bound) : 0,
          jobs: description.jobs.indices.map { description.job($0, allocation.choices[$0]) },
          groups: zip(request.groups, named.numbers).map {
            .init(name: $0.name, powerWatts: allocation.powersWatts[$1])
          })
      }, totalRate: total,
      energyJoules: request.budgets[0].startSeconds == nil || request.measure == .peak
        ? nil : zip(request.budgets, allocations).reduce(0) { $0 + $1.0.durationSeconds * $1.1.powersWatts[0] })
  }
}

/// The jobs of a request as the engine takes them.
private struct PowerDescription {
  /// Jobs that have the same pipelines and the same slowest rate.
  struct JobClass {
    let job: JobPower
    let power: PowerProblem.JobClass
  }

  private(set) var classes: [JobClass] = []
  private(set) var jobs: [PowerProblem.JobEntry] = []

  private struct Key: Hashable {
    let job: ExactString
    let minimumRateFraction: Double
  }

  init(_ request: PowerRequest, _ named: NamedGroups, of state: SessionState) throws(RequestError) {
    var known: [Key: Int] = [:]
    var powers: [ExactString: JobPower] = [:]
    for (index, described) in request.jobs.enumerated() {
      let path = "jobs[\(index)]"
      let key = Key(job: ExactString(described.job), minimumRateFraction: described.minimumRateFraction)
      let number = known[key] ?? classes.count
      if number == classes.count {
        // One job may be in many groups, and has as many members each time.
        let power: JobPower
        if let same = powers[key.job] {
          power = same
        } else {
          power = try state.jobPower(described.job, path: "\(path).job")
        }
        (known[key], powers[key.job]) = (number, power)
        classes.append(JobClass(power, described, request))
      }
      let (job, ladder) = (classes[number].job, classes[number].power.ladder)
      let placement = try PowerPlacement(described, job, ladder, in: named, path: path)
      jobs.append(
        PowerProblem.JobEntry(
          jobClass: number, weight: described.weight ?? Double(job.deviceCount), count: described.count,
          group: placement.group, parts: placement.parts))
    }
  }

  var totalRate: Double { jobs.reduce(0) { $0 + Double($1.count) * $1.weight } }

  func job(_ index: Int, _ choices: [PowerAllocation.Choice]) -> PowerDivision.JobChoices {
    let jobClass = classes[jobs[index].jobClass]
    return PowerDivision.JobChoices(
      job: jobClass.job.name,
      choices: choices.map { choice in
        .init(
          count: choice.count, pace: jobClass.job.pace(choice.pace, of: jobClass.power.ladder),
          rateFraction: 1 / (choice.pace.iterationTimeSeconds * jobClass.power.bound.fastest.iterationsPerSecond))
      })
  }
}

extension PowerDescription.JobClass {
  fileprivate init(_ job: JobPower, _ described: PowerRequest.JobEntry, _ request: PowerRequest) {
    let bound = job.bound
    let ladder = job.ladder(
      request.measure, mayWait: request.mayPause,
      longestTimeSeconds: 1 / (described.minimumRateFraction * bound.fastest.iterationsPerSecond))
    let reachable = bound.clipped(from: 1 / ladder.slowest.iterationTimeSeconds, to: .infinity)
    self.init(job: job, power: .init(bound: reachable, ladder: ladder))
  }
}

extension RequestError {
  /// Too little power, in the terms of the request.
  fileprivate init(_ shortage: PowerShortage, _ request: PowerRequest, _ named: NamedGroups) {
    let fix = "allow more power" + (request.mayPause ? "" : ", or pauses with mayPause") + ", or run fewer jobs"
    func error(_ path: String, _ least: Double, _ unit: String, _ found: Double?, _ detail: String) -> RequestError {
      RequestError(
        .objectiveOutOfReach, path: path, expected: "at least \(least) \(unit)",
        found: found.map { "\($0) \(unit)" } ?? "nothing", fix: fix,
        details: [.init(key: detail, value: .number(least))])
    }
    switch shortage {
    case .group(let number, let least):
      let index = named.numbers.firstIndex(of: number) ?? 0
      self = error(
        "groups[\(index)].capWatts", least, "W", request.groups[index].capWatts, "minimumPowerWatts")
    case .budget(let least):
      let index = request.budgets.firstIndex { $0.budgetWatts ?? .infinity < least } ?? 0
      let budget = request.budgets[index]
      let path = budget.startSeconds == nil ? "budgetWatts" : "budgets[\(index)].budgetWatts"
      self = error(path, least, "W", budget.budgetWatts, "minimumPowerWatts")
    case .energy(let least):
      self = error("energyBudgetJoules", least, "J", request.energyBudgetJoules, "minimumEnergyJoules")
    }
  }
}
