/// Mordal (He, Jang and Chowdhury 2025, arXiv 2502.00241): halving over the medoids of clusters, then scaling
/// prediction for every member of the surviving clusters.
///
/// Added here: a limited share of the spending explores members of eliminated clusters, and every candidate that may
/// still be best is observed up to the observed fraction.
struct Mordal: RungStrategy {
  var progress = RungProgress()
  private var step = Step.start
  /// The clusters that were not eliminated.
  private var survivors: [Int] = []
  private var explored: Set<Int> = []

  private enum Step: Sendable {
    case start
    case halving(rung: Int)
    case intraCluster(rung: Int)
    case exploration
    case last
  }

  /// Candidates less likely than this to end below the leader are stopped.
  static let leastChance = 0.01
  /// Eliminated clusters less likely than this to hold a better candidate than the leader are not explored.
  private static let leastExploredChance = 0.05

  let stopsHopelessTrials = true

  mutating func nextRung(_ context: StrategyContext, stopped: inout [Int]) -> Rung? {
    let settings = context.settings
    switch step {
    case .start:
      survivors = Array(context.pool.clusters.indices)
      return survivors.count > settings.survivingClusterCount ? halvingRung(0, context) : intraClusterRung(0, context)
    case .halving(let rung):
      let fraction = context.fraction(ofRung: rung)
      let medoids = survivors.map { context.pool.clusters[$0].medoid }
      let rank = context.rank(medoids, at: fraction)
      let order = context.sorted(Array(survivors.indices)) { rank(medoids[$0]) }
      let kept = max(settings.survivingClusterCount, context.keptCount(of: survivors.count))
      let ranked = order.map { survivors[$0] }
      // Beyond the observed fraction a halving would cost more than the prediction that follows.
      let isLast =
        kept == settings.survivingClusterCount || context.fraction(ofRung: rung + 1) > settings.observedFraction
      survivors = ranked.prefix(isLast ? settings.survivingClusterCount : kept).sorted()
      return isLast ? intraClusterRung(0, context) : halvingRung(rung + 1, context)
    case .intraCluster(let rung):
      stopped = hopeless(context)
      if context.fraction(ofRung: rung) < settings.observedFraction {
        return intraClusterRung(rung + 1, context)
      }
      step = .exploration
      return explorationRung(context) ?? lastRung(context)
    case .exploration: return explorationRung(context) ?? lastRung(context)
    case .last: return nil
    }
  }

  func improvementSteps(_ context: StrategyContext) -> ImprovementSteps? {
    guard progress.isComplete else { return ImprovementSteps.speculation(context) }
    return context.settings.regretBoundFraction > 0 ? ImprovementSteps.afterPlan(context) : nil
  }

  private mutating func halvingRung(_ rung: Int, _ context: StrategyContext) -> Rung {
    step = .halving(rung: rung)
    return Rung(
      .interCluster, number: rung, fraction: context.fraction(ofRung: rung),
      members: survivors.map { context.pool.clusters[$0].medoid })
  }

  private mutating func intraClusterRung(_ rung: Int, _ context: StrategyContext) -> Rung {
    step = .intraCluster(rung: rung)
    return Rung(
      .intraCluster, number: rung, fraction: min(context.fraction(ofRung: rung), context.settings.observedFraction),
      members: members(context).filter { !context.states[$0].isClosed })
  }

  private func members(_ context: StrategyContext) -> [Int] { survivors.flatMap { context.pool.clusters[$0].members } }

  /// Members of the surviving clusters that end below the best of them with a probability below ``leastChance``.
  private func hopeless(_ context: StrategyContext) -> [Int] {
    let known = members(context).filter { context.finals[$0] != nil && !context.states[$0].isClosed }
    guard let best = context.favourite(among: known), let leader = context.finals[best] else { return [] }
    return known.filter {
      $0 != best && context.states[$0].observations.count >= 2 && context.states[$0].openTrial == nil
        && !context.states[$0].isPinned
        && context.probability($0, below: best, leader) < Self.leastChance
    }
  }

  private static func lowest(_ context: StrategyContext) -> FinalError? {
    if context.goals.hasCeilings { return context.leadingFinal }
    return context.finals.compactMap { $0 }.min { ($0.mean, $0.deviation) < ($1.mean, $1.deviation) }
  }

  /// One untried member of each eliminated cluster that may hold a better candidate than the leader, the most likely
  /// first, within the exploration share of the spending.
  private mutating func explorationRung(_ context: StrategyContext) -> Rung? {
    guard let leader = Self.lowest(context) else { return nil }
    let survivors = Set(survivors)
    var chances: [(chance: Double, candidate: Int)] = []
    for (index, cluster) in context.pool.clusters.enumerated() where !survivors.contains(index) {
      guard let medoid = context.finals[cluster.medoid] else { continue }
      let untried = cluster.members.filter {
        context.states[$0].observations.isEmpty && !context.states[$0].isClosed
      }
      guard let candidate = context.sorted(untried, by: { context.pool.candidates[$0].costWeight }).first else {
        continue
      }
      let chance = medoid.widened(by: context.knowledge.spread).probability(below: leader)
      let miss = 1 - chance * context.keptChance(of: candidate)
      var allMiss = 1.0
      for _ in untried { allMiss *= miss }
      if 1 - allMiss > Self.leastExploredChance { chances.append((1 - allMiss, candidate)) }
    }
    let fraction = min(context.fraction(ofRung: 1), context.settings.observedFraction)
    var room = context.settings.explorationFraction * context.spending.gpuSeconds
    var members: [Int] = []
    for entry in chances.sorted(by: { ($1.chance, $0.candidate) < ($0.chance, $1.candidate) })
    where !explored.contains(entry.candidate) {
      let cost = context.pool.candidates[entry.candidate].costWeight * context.gpuSecondsPerWeight * fraction
      if cost > room { continue }
      room -= cost
      explored.insert(entry.candidate)
      members.append(entry.candidate)
    }
    let most = max(1, Int(context.settings.explorationFraction * Double(context.pool.candidates.count)))
    guard !members.isEmpty, explored.count <= most else { return nil }
    return Rung(.exploration, number: 1, fraction: fraction, members: members)
  }

  /// Every candidate of any cluster that may still be best, up to the observed fraction.
  private mutating func lastRung(_ context: StrategyContext) -> Rung? {
    step = .last
    guard let leader = Self.lowest(context) else { return nil }
    let observed = context.settings.observedFraction
    let members = context.pool.candidates.indices.filter { candidate in
      guard let final = context.finals[candidate], !context.states[candidate].isClosed else { return false }
      return !context.isObserved(candidate, at: observed)
        && final.probability(below: leader) * context.keptChance(of: candidate) > Self.leastChance * 5
    }
    return members.isEmpty ? nil : Rung(.exploration, number: 2, fraction: observed, members: members)
  }
}
