internal import Basics

/// How well the model of a pipeline's iterations agrees with iterations that were measured, and what corrects it.
public struct ModelReview: Sendable {
  public enum Verdict: String, Sendable, CaseIterable {
    /// Too few iterations to say anything.
    case undecided
    /// What differs is noise.
    case holds
    /// It differs by causes that were found; corrected by them it agrees.
    case corrected
    /// It differs in a way that no cause explains.
    case unexplained
  }

  /// A cause by which the machine differs from the model.
  public struct Misfit: Sendable, Equatable {
    public let kind: MisfitKind
    /// In seconds, joules, or as a share; 1 for what either is or is not.
    public let size: Double
    /// The share by which it changes the quantity, on average over the iterations.
    public let shareFraction: Double
    /// Other causes that explain the measurements as well.
    public let alternatives: [MisfitKind]
  }

  /// How far a quantity is off.
  public struct Deviation: Sendable, Equatable {
    /// Mean measured over modelled, less 1: of the model as it is, and corrected.
    public let modelFraction: Double
    public let correctedFraction: Double
    /// By how much the corrected model is off for single plans, the root of the mean square.
    public let planFraction: Double
    /// Standard deviation of single iterations of one plan; nil where no plan was measured twice.
    public let noiseFraction: Double?
    fileprivate let iterationCount: Double
  }

  /// One plan's iterations beside the model.
  public struct Plan: Sendable, Equatable {
    public let iterationCount: Int
    public let measured: IterationOutcome
    /// Joules are those of an iteration that lasts as long as the model says.
    public let modelled: IterationOutcome
    public let corrected: IterationOutcome
    /// Whether energies were measured.
    public let hasEnergy: Bool
  }

  public let verdict: Verdict
  public let correction: ModelCorrection
  /// Those that change the time, then those that change the energy, each the most telling first.
  public let misfits: [Misfit]
  public let time: Deviation
  public let energy: Deviation?
  /// In the order of the plans given.
  public let plans: [Plan]
  /// For each rank the mean of its measured over its modelled busy time, less 1; nil where none was measured.
  public let rankBusyFractions: [Double]?
  /// The number of the first iteration, in the order of `sequence`, from which on the machine is another one than
  /// before; nil where it stayed the same.
  public let changedFrom: Int?
  /// Iterations that were left out, because they last another time than nearly all others of their plan: while a
  /// checkpoint was written, say.
  public let strayCount: Int

  /// Reviews a model.
  ///
  /// - Parameters:
  ///   - ranks: the instructions of each rank, in their order.
  ///   - observed: the iterations of each plan, at least one.
  ///   - sequence: for each iteration in the order they ran, its plan and its number among the plan's.
  /// - Complexity: that of ``TimeMisfits``, at most twice.
  public init(
    _ problem: IterationProblem, ranks: [[Int]], observed: [ObservedPlan], sequence: [(plan: Int, iteration: Int)]
  ) {
    let model = MachineModel(problem, ranks: ranks)
    let all = observed
    let isStray = all.map(\.strayIterations)
    strayCount = isStray.joined().count { $0 }
    var observed = all.map { ObservedPlan(measurements: $0.measurements, iterations: []) }
    var kept: [(plan: Int, iteration: Int)] = []
    var places: [Int] = []
    for (place, (plan, iteration)) in sequence.enumerated() where !isStray[plan][iteration] {
      kept.append((plan, observed[plan].iterations.count))
      observed[plan].iterations.append(all[plan].iterations[iteration])
      places.append(place)
    }
    let runs = observed.map { model.run($0.measurements) }
    var times = TimeMisfits(model, zip(runs, observed).map { MeasuredTimes($0, $1.iterations) })
    let change = Self.change(model, runs, observed, kept, times.correction)
    changedFrom = change.map { places[$0] }
    if let change {
      // What came later is another machine; the earlier iterations tell what the model was worth.
      times = TimeMisfits(model, Self.measured(runs, observed, kept[..<change]))
    }
    let energies = EnergyMisfits(model, zip(runs, observed).map { ($0, $1.iterations) })
    var correction = times.correction
    for finding in energies.findings { correction.add(finding.kind, finding.size) }
    self.correction = correction
    let none = ModelCorrection(rankCount: ranks.count)
    func outcome(_ run: MachineModel.Run, _ correction: ModelCorrection) -> IterationOutcome {
      let seconds = model.iterationTime(of: run, correction).seconds
      return IterationOutcome(
        iterationTimeSeconds: seconds, energyJoules: model.energyJoules(of: run, lasting: seconds, correction))
    }
    let plans = zip(runs, observed).map { run, plan in
      let energies = plan.iterations.compactMap(\.energyJoules)
      return Plan(
        iterationCount: plan.iterations.count,
        measured: IterationOutcome(
          iterationTimeSeconds: plan.iterations.reduce(0) { $0 + $1.iterationTimeSeconds }
            / Double(plan.iterations.count),
          energyJoules: energies.isEmpty ? 0 : energies.reduce(0, +) / Double(energies.count)),
        modelled: outcome(run, none), corrected: outcome(run, correction), hasEnergy: !energies.isEmpty)
    }
    self.plans = plans
    let counts = plans.map { Double($0.iterationCount) }
    time = Deviation(
      plans, counts, observed.map { $0.iterations.map(\.iterationTimeSeconds) }, \.iterationTimeSeconds)
    let withEnergy = plans.indices.filter { plans[$0].hasEnergy }
    energy =
      withEnergy.isEmpty
      ? nil
      : Deviation(
        withEnergy.map { plans[$0] },
        withEnergy.map { Double(observed[$0].iterations.count { $0.energyJoules != nil }) },
        withEnergy.map { observed[$0].iterations.compactMap(\.energyJoules) }, \.energyJoules)
    rankBusyFractions = Self.busyFractions(runs, observed, rankCount: ranks.count)
    let findings = times.findings + energies.findings
    misfits = findings.map { finding in
      var without = ModelCorrection(rankCount: ranks.count)
      for other in findings where other.kind != finding.kind { without.add(other.kind, other.size) }
      let shares = zip(runs, plans).map { run, plan -> Double in
        let (whole, part) = (plan.corrected, outcome(run, without))
        return finding.kind.isOfEnergy
          ? whole.energyJoules / part.energyJoules - 1 : whole.iterationTimeSeconds / part.iterationTimeSeconds - 1
      }
      return Misfit(
        kind: finding.kind, size: finding.size,
        shareFraction: zip(shares, counts).reduce(0) { $0 + $1.0 * $1.1 } / counts.reduce(0, +),
        alternatives: finding.alternatives)
    }
    verdict =
      kept.count < 3
      ? .undecided
      : changedFrom != nil || time.isUnexplained(planCount: plans.count, parameters: times.findings.count)
        || energy?.isUnexplained(planCount: withEnergy.count, parameters: energies.findings.count) == true
        ? .unexplained : correction.isNone ? .holds : .corrected
  }

  /// The iterations of a part of the sequence, by plan.
  private static func measured(
    _ runs: [MachineModel.Run], _ observed: [ObservedPlan], _ part: ArraySlice<(plan: Int, iteration: Int)>
  ) -> [MeasuredTimes] {
    var kept = [[IterationObservation]](repeating: [], count: observed.count)
    for (plan, iteration) in part { kept[plan].append(observed[plan].iterations[iteration]) }
    return runs.indices.filter { !kept[$0].isEmpty }.map { MeasuredTimes(runs[$0], kept[$0]) }
  }

  /// Where the mean of what the correction leaves changes for good, if it does by more than chance and by more than
  /// half a percent.
  private static func change(
    _ model: MachineModel, _ runs: [MachineModel.Run], _ observed: [ObservedPlan],
    _ sequence: [(plan: Int, iteration: Int)], _ correction: ModelCorrection
  ) -> Int? {
    let logs = runs.map { PortableMath.log(model.iterationTime(of: $0, correction).seconds) }
    let rest = sequence.map { plan, iteration in
      PortableMath.log(observed[plan].iterations[iteration].iterationTimeSeconds) - logs[plan]
    }
    let shortest = 4
    guard rest.count >= 2 * shortest else { return nil }
    let (count, sum) = (Double(rest.count), rest.reduce(0, +))
    let squares = rest.reduce(0) { $0 + $1 * $1 }
    let floor = TimeMisfits.leastNoise * TimeMisfits.leastNoise
    let alone = PortableMath.log((squares - sum * sum / count) / count + floor)
    var best = (place: 0, gain: 0.0, shift: 0.0)
    var before = rest[..<shortest].reduce(0, +)
    for place in shortest...(rest.count - shortest) {
      let (first, second) = (Double(place), count - Double(place))
      let within = squares - before * before / first - (sum - before) * (sum - before) / second
      let gain = count * (alone - PortableMath.log(max(0, within) / count + floor))
      if gain > best.gain { best = (place, gain, abs(before / first - (sum - before) / second)) }
      before += rest[place]
    }
    let isChance = best.gain < 3 * PortableMath.log(count) + 10 || best.shift < 0.005
    return isChance ? nil : best.place
  }

  private static func busyFractions(
    _ runs: [MachineModel.Run], _ observed: [ObservedPlan], rankCount: Int
  ) -> [Double]? {
    var (sums, count) = ([Double](repeating: 0, count: rankCount), 0.0)
    for (run, plan) in zip(runs, observed) {
      for busy in plan.iterations.compactMap(\.rankBusySeconds) {
        count += 1
        for rank in 0..<rankCount where run.busySeconds[rank] > 0 {
          sums[rank] += busy[rank] / run.busySeconds[rank] - 1
        }
      }
    }
    return count > 0 ? sums.map { $0 / count } : nil
  }
}

extension ObservedPlan {
  /// For each iteration whether its time is far from nearly all others; where more than a fifth are, none is stray.
  fileprivate var strayIterations: [Bool] {
    let logs = iterations.map { PortableMath.log($0.iterationTimeSeconds) }
    let none = [Bool](repeating: false, count: logs.count)
    guard logs.count >= 5 else { return none }
    let median = Spread(logs).quantile(0.5)
    let deviation = Spread(logs.map { abs($0 - median) }).quantile(0.5)
    let strays = logs.map { abs($0 - median) > max(0.03, 6 * 1.4826 * deviation) }
    return 5 * strays.count { $0 } <= logs.count ? strays : none
  }
}

extension ModelReview.Deviation {
  /// Of plans with `counts` measured `values` each.
  fileprivate init(
    _ plans: [ModelReview.Plan], _ counts: [Double], _ values: [[Double]], _ quantity: KeyPath<IterationOutcome, Double>
  ) {
    let whole = counts.reduce(0, +)
    func mean(_ ratio: (ModelReview.Plan) -> Double) -> Double {
      zip(plans, counts).reduce(0) { $0 + $1.1 * ratio($1.0) } / whole
    }
    modelFraction = mean { $0.measured[keyPath: quantity] / $0.modelled[keyPath: quantity] - 1 }
    correctedFraction = mean { $0.measured[keyPath: quantity] / $0.corrected[keyPath: quantity] - 1 }
    planFraction = mean { plan in
      let rest = plan.measured[keyPath: quantity] / plan.corrected[keyPath: quantity] - 1
      return rest * rest
    }.squareRoot()
    let freedom = whole - Double(plans.count)
    let squares = values.reduce(0) { sum, values in
      let mean = values.reduce(0, +) / Double(values.count)
      return values.reduce(sum) { $0 + ($1 / mean - 1) * ($1 / mean - 1) }
    }
    noiseFraction = freedom > 0 ? (squares / freedom).squareRoot() : nil
    iterationCount = whole
  }

  /// Whether single plans are off by more than half a percent and by more than their noise.
  fileprivate func isUnexplained(planCount: Int, parameters: Int) -> Bool {
    guard planFraction > 0.005 else { return false }
    // A percent is usual where no plan was measured twice.
    let perPlan = (noiseFraction ?? 0.01) * (Double(planCount) / iterationCount).squareRoot()
    return planCount > parameters && planFraction > 3 * perPlan
  }
}

extension MisfitKind {
  public var isOfEnergy: Bool { [.energyShare, .energyOffset, .waitingPower].contains(self) }
}
