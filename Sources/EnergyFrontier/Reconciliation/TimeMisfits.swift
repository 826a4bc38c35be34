internal import Basics

/// Finds by what measured iteration times and busy times differ from the model.
///
/// **Problem.** Several causes lengthen an iteration, each in its own way: a rank that is slow by itself more where its
/// clocks are low, a transfer once for each time the longest path changes rank, an overhead once for each instruction.
/// Which of them there are is to be found from iterations of a few plans, whose times are noisy.
///
/// **Method.** Logarithms of measured over modelled times are fitted by least squares, iteration times and busy times
/// each with a noise of their own. Sizes follow from Gauss-Newton steps: times are longest paths, so their slopes are
/// known exactly and change only where another path becomes the longest. Causes are added one at a time, the one that
/// explains most first, as long as it explains more than chance would: the extended Bayesian information criterion
/// (Chen and Chen 2008, 10.1093/biomet/asn034), with a margin. Causes that explain as much as the one that was chosen
/// are its *alternatives*: iteration times of one plan cannot tell a transfer from an overhead.
///
/// **Complexity.** O(causes x trial sizes x plans x (instructions + dependencies)) for each cause that is found.
struct TimeMisfits {
  /// One cause that was found.
  struct Finding {
    let kind: MisfitKind
    var size: Double
    /// Others that explain the measurements as well.
    var alternatives: [MisfitKind]
  }

  private(set) var findings: [Finding] = []
  private let model: MachineModel
  private let plans: [MeasuredTimes]
  private let candidates: [MisfitKind]
  private let iterationCount: Double
  /// Iterations with busy times. What disturbs an iteration often disturbs all its ranks, so their busy times count as
  /// one measurement.
  private let busyCount: Double
  private let trialCount: Int

  /// Relative noise that is always allowed for: clocks are read no better.
  static let leastNoise = 1e-4
  /// By how much more than chance a cause must explain.
  static let margin = 4.0
  /// Causes whose likelihoods are this near cannot be told apart.
  private static let tie = 0.1
  private static let mostFindings = 6
  /// Evaluations of instructions that the trial sizes of one cause may take.
  private static let mostTrialWork = 4e7

  /// - Parameter plans: with at least one iteration each.
  init(_ model: MachineModel, _ plans: [MeasuredTimes]) {
    (self.model, self.plans) = (model, plans)
    iterationCount = plans.reduce(0) { $0 + $1.count }
    busyCount = plans.reduce(0) { $0 + $1.busyCount }
    var candidates: [MisfitKind] = [.transferLatency, .instructionOverhead, .uniformSlowdown]
    if MachineModel.overheadEnd(model.problem.graph) != nil { candidates.append(.iterationOverhead) }
    if model.canBlock { candidates.append(.blockingTransfers) }
    if model.ranks.count > 1 { candidates += model.ranks.indices.map(MisfitKind.rankSlowdown) }
    self.candidates = candidates
    let work = Double(model.problem.graph.count * plans.count * candidates.count)
    trialCount = max(3, min(24, Int(Self.mostTrialWork / work)))
    search()
  }

  /// The correction that the findings make.
  var correction: ModelCorrection { Self.correction(findings, rankCount: model.ranks.count) }

  private static func correction(_ findings: [Finding], rankCount: Int) -> ModelCorrection {
    var correction = ModelCorrection(rankCount: rankCount)
    for finding in findings { correction.add(finding.kind, finding.size) }
    return correction
  }

  // MARK: - Which causes

  private mutating func search() {
    // A size for each cause needs more measurements than causes.
    let measured = iterationCount + busyCount
    guard iterationCount >= 3 else { return }
    let penalty = PortableMath.log(measured) + 2 * PortableMath.log(Double(candidates.count)) + Self.margin
    var current = cost(findings)
    while findings.count < Self.mostFindings, Double(findings.count) + 2 < measured {
      let tried = candidates.filter { kind in !findings.contains { $0.kind == kind } }
        .map { kind in fitted(findings + [Finding(kind: kind, size: 0, alternatives: [])], newest: kind) }
      guard let best = tried.min(by: { $0.cost < $1.cost }), current - best.cost > penalty else { break }
      (findings, current) = Self.named(tried, best.cost)
    }
    drop(penalty: penalty)
  }

  /// The findings whose newest cause explains most, with the others that explain as much. Of causes that cannot be told
  /// apart at all the first is named, which is the commonest.
  static func named(
    _ tried: [(findings: [Finding], cost: Double)], _ least: Double
  ) -> (findings: [Finding], cost: Double) {
    var chosen = tried.first { $0.cost - least < Self.tie }!
    let kind = chosen.findings[chosen.findings.count - 1].kind
    chosen.findings[chosen.findings.count - 1].alternatives =
      tried.filter { $0.cost - least < Self.margin }.map { $0.findings[$0.findings.count - 1].kind }
      .filter { $0 != kind }
    return chosen
  }

  /// Drops causes that the later ones have made needless.
  private mutating func drop(penalty: Double) {
    while findings.count > 1 {
      let current = cost(findings)
      let without = findings.indices.map { index -> (findings: [Finding], cost: Double) in
        var rest = findings
        rest.remove(at: index)
        return refined(rest)
      }
      guard let best = without.min(by: { $0.cost < $1.cost }), best.cost - current < penalty else { return }
      findings = best.findings
    }
  }

  // MARK: - Their sizes

  private func fitted(_ start: [Finding], newest: MisfitKind) -> (findings: [Finding], cost: Double) {
    var best = (findings: start, cost: Double.infinity)
    for size in trialSizes(newest) {
      var trial = start
      trial[trial.count - 1].size = size
      let cost = cost(trial)
      if cost < best.cost { best = (trial, cost) }
    }
    return refined(best.findings)
  }

  /// Sizes to begin with, over the whole range that can be: slopes are 0 where a cause does not show yet.
  private func trialSizes(_ kind: MisfitKind) -> [Double] {
    if kind == .blockingTransfers { return [1] }
    let steps = (0..<trialCount).map { Double($0) / Double(max(1, trialCount - 1)) }
    if !kind.isTime { return steps.map { 0.002 * PortableMath.exp(PortableMath.log(1000) * $0) } + [-0.02, -0.1] }
    let longest = plans.map { $0.iterationTimeSeconds }.max() ?? 1
    return steps.map { longest * 1e-6 * PortableMath.exp(PortableMath.log(1e6) * $0) }
  }

  /// Gauss-Newton steps from the given sizes until nothing gets better.
  private func refined(_ start: [Finding]) -> (findings: [Finding], cost: Double) {
    var (findings, cost) = (start, cost(start))
    for _ in 0..<20 {
      let step = step(findings)
      var (share, improved) = (1.0, false)
      for _ in 0..<6 {
        var trial = findings
        for index in trial.indices {
          trial[index].size = trial[index].kind.bounded(trial[index].size + share * step[index])
        }
        let trialCost = self.cost(trial)
        if trialCost < cost - 1e-9 * abs(cost) {
          (findings, cost, improved) = (trial, trialCost, true)
          break
        }
        share /= 2
      }
      if !improved { break }
    }
    return (findings, cost)
  }

  /// Twice the negative logarithm of the likelihood, the variances of both kinds of measurements profiled out.
  private func cost(_ findings: [Finding]) -> Double {
    let squares = squares(Self.correction(findings, rankCount: model.ranks.count))
    func part(_ sum: Double, _ count: Double) -> Double {
      count > 0 ? count * PortableMath.log(sum / count + Self.leastNoise * Self.leastNoise) : 0
    }
    return part(squares.iterations, iterationCount) + part(squares.busy, busyCount)
  }

  /// Sums of squares of what the correction leaves, of iteration times and of busy times.
  private func squares(_ correction: ModelCorrection) -> (iterations: Double, busy: Double) {
    var (iterations, busy) = (0.0, 0.0)
    for plan in plans {
      let rest = plan.logTime - PortableMath.log(model.iterationTime(of: plan.run, correction).seconds)
      iterations += plan.count * rest * rest + plan.squaresWithin
      guard plan.busyCount > 0 else { continue }
      for (measured, modelled) in zip(plan.logBusy, model.busySeconds(of: plan.run, correction)) where modelled > 0 {
        busy += plan.busyCount * (measured - PortableMath.log(modelled)) * (measured - PortableMath.log(modelled))
      }
      busy += plan.busySquaresWithin
    }
    return (iterations, busy / Double(model.ranks.count))
  }

  /// The step of each size that least squares ask for.
  private func step(_ findings: [Finding]) -> [Double] {
    let correction = Self.correction(findings, rankCount: model.ranks.count)
    let squares = squares(correction)
    let floor = Self.leastNoise * Self.leastNoise
    let weight = 1 / (squares.iterations / iterationCount + floor)
    let busyWeight = busyCount > 0 ? 1 / (squares.busy / busyCount + floor) / Double(model.ranks.count) : 0
    var normal = NormalEquations(count: findings.count)
    for plan in plans {
      let (seconds, slopes) = model.iterationTime(of: plan.run, correction)
      let row = findings.map { $0.kind.slope(slopes, $0.size, correction) / seconds }
      normal.add(row, plan.logTime - PortableMath.log(seconds), weight: weight * plan.count)
      guard plan.busyCount > 0 else { continue }
      let modelled = model.busySeconds(of: plan.run, correction)
      for rank in model.ranks.indices where modelled[rank] > 0 {
        var own = MachineModel.Slopes(seconds: Array(repeating: 0, count: model.ranks.count))
        own.instructions = Double(model.ranks[rank].count)
        own.seconds[rank] = plan.run.busySeconds[rank]
        let row = findings.map {
          $0.kind == .iterationOverhead ? 0 : $0.kind.slope(own, $0.size, correction) / modelled[rank]
        }
        normal.add(row, plan.logBusy[rank] - PortableMath.log(modelled[rank]), weight: busyWeight * plan.busyCount)
      }
    }
    return normal.solution
  }
}

/// The measured times of one plan, reduced to what least squares need.
struct MeasuredTimes {
  let run: MachineModel.Run
  /// Iterations.
  let count: Double
  /// The mean of the logarithms of their times, and the sum of squares about it.
  let logTime: Double
  let squaresWithin: Double
  /// Iterations whose busy times are known, by rank the mean of the logarithms, and the squares about them.
  let busyCount: Double
  let logBusy: [Double]
  let busySquaresWithin: Double

  var iterationTimeSeconds: Double { PortableMath.exp(logTime) }

  init(_ run: MachineModel.Run, _ iterations: [IterationObservation]) {
    self.run = run
    let logs = iterations.map { PortableMath.log($0.iterationTimeSeconds) }
    let mean = logs.reduce(0, +) / Double(logs.count)
    (count, logTime) = (Double(logs.count), mean)
    squaresWithin = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let busy = iterations.compactMap(\.rankBusySeconds)
    busyCount = Double(busy.count)
    var (means, squares) = ([Double](), 0.0)
    for rank in run.busySeconds.indices where !busy.isEmpty {
      // A rank without instructions, or one that did nothing, tells nothing.
      let logs = busy.map { run.busySeconds[rank] > 0 && $0[rank] > 0 ? PortableMath.log($0[rank]) : 0 }
      let mean = logs.reduce(0, +) / Double(logs.count)
      means.append(mean)
      squares += logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    (logBusy, busySquaresWithin) = (means, squares)
  }
}

extension MisfitKind {
  /// How a time grows with the size of the cause, where a path or a rank holds `slopes`.
  fileprivate func slope(
    _ slopes: MachineModel.Slopes, _ size: Double, _ correction: ModelCorrection
  ) -> Double {
    switch self {
    case .transferLatency: slopes.transfers
    case .instructionOverhead: slopes.instructions
    case .iterationOverhead: 1
    case .uniformSlowdown:
      zip(slopes.seconds, correction.rankFactors).reduce(0) { $0 + $1.0 * $1.1 } / (1 + size)
    case .rankSlowdown(let rank): slopes.seconds[rank] * correction.rankFactors[rank] / (1 + size)
    case .blockingTransfers, .energyShare, .energyOffset, .waitingPower: 0
    }
  }

  /// The size kept within what can be.
  fileprivate func bounded(_ size: Double) -> Double {
    switch self {
    case .transferLatency, .instructionOverhead, .iterationOverhead: max(0, size)
    case .uniformSlowdown, .rankSlowdown: max(-0.9, size)
    case .blockingTransfers: 1
    case .energyShare, .energyOffset, .waitingPower: size
    }
  }
}
