import Basics

/// A strategy as a sequence of stages, each a function of what the ones before have shown.
struct StagedPlan: Equatable, Sendable {
  private enum Step: Equatable, Sendable {
    case begin
    case halving(rung: Int)
    case intra(rung: Int)
    case exploration
    case final
    case bracket(Int, rung: Int, members: [Int])
    case ladder(rung: Int)
    case done
  }

  private let strategy: Strategy
  private var step = Step.begin
  /// Mordal: clusters still in the race.
  private(set) var alive: [Int] = []
  private var explored: Set<Int> = []

  init(_ strategy: Strategy) { self.strategy = strategy }

  /// The next stage, or nil when the plan is carried out. Candidates that cannot be best are put into `stopped`.
  mutating func next(_ view: StageView, stopped: inout [Int]) -> Stage? {
    switch strategy {
    case .mordal: nextMordal(view, stopped: &stopped)
    case .race: nextRace(view)
    case .grid, .random: nextFull(view)
    // ASHA has no stages and never asks; see ``AsynchronousHalving``.
    case .successiveHalving, .asha: nextHalving(view)
    case .hyperband: nextBracket(view)
    case .ats: nextLadder(view)
    }
  }

  /// Everybody on the start fraction; what follows is chosen one trial at a time.
  private mutating func nextRace(_ view: StageView) -> Stage? {
    guard step == .begin else { return nil }
    step = .done
    return Stage(
      .baseline, rung: 0, fraction: view.settings.startFraction, members: Array(view.pool.candidates.indices))
  }

  /// Everybody on all the data.
  private mutating func nextFull(_ view: StageView) -> Stage? {
    guard step == .begin else { return nil }
    step = .done
    var generator = CandidateOrder(seed: view.settings.seed)
    let count = view.pool.candidates.count
    let members = strategy == .random ? generator.order(count) : Array(0..<count)
    return Stage(.baseline, rung: 0, fraction: 1, members: members)
  }

  /// Halving over all candidates until they have seen all data or one is left.
  private mutating func nextHalving(_ view: StageView) -> Stage? {
    switch step {
    case .begin:
      step = .halving(rung: 0)
      return Stage(.baseline, rung: 0, fraction: view.fraction(ofRung: 0), members: Array(view.pool.candidates.indices))
    case .halving(let rung):
      let fraction = view.fraction(ofRung: rung)
      let seen = view.pool.candidates.indices.filter { view.isObserved($0, at: fraction) }
      guard fraction < 1, seen.count > 1 else { return nil }
      step = .halving(rung: rung + 1)
      let kept = Array(view.sorted(seen) { view.error($0, at: fraction) }.prefix(view.kept(of: seen.count)))
      return Stage(.baseline, rung: rung + 1, fraction: view.fraction(ofRung: rung + 1), members: kept)
    default: return nil
    }
  }

  /// Brackets of halving, each beginning with fewer candidates on more data (Li et al. 2018, arXiv 1603.06560).
  private mutating func nextBracket(_ view: StageView) -> Stage? {
    let eta = view.settings.reductionFactor
    let most = Int((PortableMath.log(1 / view.settings.startFraction) / PortableMath.log(eta)).rounded(.down))
    func fraction(_ bracket: Int, _ rung: Int) -> Double {
      var fraction = 1.0
      for _ in 0..<max(0, bracket - rung) { fraction /= eta }
      return fraction
    }
    func begin(_ bracket: Int) -> Stage {
      var size = Double(most + 1) / Double(bracket + 1)
      for _ in 0..<bracket { size *= eta }
      var generator = CandidateOrder(seed: view.settings.seed &+ UInt64(bracket))
      let members = Array(generator.order(view.pool.candidates.count).prefix(Int(size.rounded(.up))))
      step = .bracket(bracket, rung: 0, members: members)
      return Stage(.baseline, rung: 0, fraction: fraction(bracket, 0), members: members)
    }
    switch step {
    case .begin: return begin(most)
    case .bracket(let bracket, let rung, let members):
      let seen = members.filter { view.isObserved($0, at: fraction(bracket, rung)) }
      if rung < bracket, seen.count > 1 {
        let ranked = view.sorted(seen) { view.error($0, at: fraction(bracket, rung)) }
        let kept = Array(ranked.prefix(max(1, Int(Double(seen.count) / eta))))
        step = .bracket(bracket, rung: rung + 1, members: kept)
        return Stage(.baseline, rung: rung + 1, fraction: fraction(bracket, rung + 1), members: kept)
      }
      return bracket > 0 ? begin(bracket - 1) : nil
    default: return nil
    }
  }

  /// Everybody up to the observed fraction, in growing steps; the extrapolation decides (AtS).
  private mutating func nextLadder(_ view: StageView) -> Stage? {
    let rung: Int
    switch step {
    case .begin: rung = 0
    case .ladder(let last):
      guard view.fraction(ofRung: last) < view.settings.observedFraction else { return nil }
      rung = last + 1
    default: return nil
    }
    step = .ladder(rung: rung)
    return Stage(
      .baseline, rung: rung, fraction: min(view.fraction(ofRung: rung), view.settings.observedFraction),
      members: Array(view.pool.candidates.indices))
  }
}

// Mordal: He, Jang and Chowdhury 2025, arXiv 2502.00241, with exploration and an end by probability added.
extension StagedPlan {
  private mutating func nextMordal(_ view: StageView, stopped: inout [Int]) -> Stage? {
    switch step {
    case .begin:
      alive = Array(view.pool.clusters.indices)
      return alive.count > view.settings.survivingClusterCount ? halvingStage(view, rung: 0) : intraStage(view, rung: 0)
    case .halving(let rung):
      let medoids = alive.map { view.pool.clusters[$0].medoid }
      let order = view.sorted(Array(alive.indices)) { view.error(medoids[$0], at: view.fraction(ofRung: rung)) }
      let kept = max(view.settings.survivingClusterCount, view.kept(of: alive.count))
      let ranked = order.map { alive[$0] }
      // Past the observed fraction a halving would cost more than the prediction that follows.
      let isLast =
        kept == view.settings.survivingClusterCount || view.fraction(ofRung: rung + 1) > view.settings.observedFraction
      alive = ranked.prefix(isLast ? view.settings.survivingClusterCount : kept).sorted()
      if !isLast { return halvingStage(view, rung: rung + 1) }
      return intraStage(view, rung: 0)
    case .intra(let rung):
      stopped += hopeless(view, among: members(of: alive, view))
      if view.fraction(ofRung: rung) < view.settings.observedFraction { return intraStage(view, rung: rung + 1) }
      step = .exploration
      return explorationStage(view) ?? finalStage(view)
    case .exploration: return explorationStage(view) ?? finalStage(view)
    case .final, .done: return nil
    default: return nil
    }
  }

  private mutating func halvingStage(_ view: StageView, rung: Int) -> Stage {
    step = .halving(rung: rung)
    return Stage(
      .interCluster, rung: rung, fraction: view.fraction(ofRung: rung),
      members: alive.map { view.pool.clusters[$0].medoid })
  }

  private mutating func intraStage(_ view: StageView, rung: Int) -> Stage {
    step = .intra(rung: rung)
    let running = members(of: alive, view).filter { !view.states[$0].isClosed }
    return Stage(
      .intraCluster, rung: rung, fraction: min(view.fraction(ofRung: rung), view.settings.observedFraction),
      members: running)
  }

  private func members(of clusters: [Int], _ view: StageView) -> [Int] {
    clusters.flatMap { view.pool.clusters[$0].members }
  }

  /// Candidates that end below the best with a probability of less than one in a hundred.
  private func hopeless(_ view: StageView, among candidates: [Int]) -> [Int] {
    let known = candidates.filter { view.finals[$0] != nil && !view.states[$0].isClosed }
    guard let best = view.sorted(known, by: { view.finals[$0]?.mean ?? .infinity }).first,
      let leader = view.finals[best]
    else { return [] }
    return known.filter {
      $0 != best && view.states[$0].observations.count >= 2
        && (view.finals[$0].map { $0.probability(below: leader) } ?? 1) < Self.leastChance
    }
  }

  /// One untried member of each eliminated cluster that may well hold a better one than the leader, most likely first, while
  /// the exploration share lasts.
  private mutating func explorationStage(_ view: StageView) -> Stage? {
    let survivors = Set(alive)
    let leader = view.finals.compactMap { $0 }.min { ($0.mean, $0.deviation) < ($1.mean, $1.deviation) }
    guard let leader else { return nil }
    var room = view.settings.explorationFraction * view.spentGPUSeconds
    var chances: [(chance: Double, cluster: Int, candidate: Int)] = []
    for (index, cluster) in view.pool.clusters.enumerated() where !survivors.contains(index) {
      guard let medoid = view.finals[cluster.medoid] else { continue }
      let untried = cluster.members.filter { view.states[$0].observations.isEmpty && !view.states[$0].isClosed }
      guard let candidate = view.sorted(untried, by: { view.pool.candidates[$0].costWeight }).first else { continue }
      let member = medoid.widened(by: view.spread)
      let miss = 1 - member.probability(below: leader)
      var allMiss = 1.0
      for _ in untried { allMiss *= miss }
      if 1 - allMiss > Self.leastExplored { chances.append((1 - allMiss, index, candidate)) }
    }
    let fraction = min(view.fraction(ofRung: 1), view.settings.observedFraction)
    var members: [Int] = []
    for entry in chances.sorted(by: { ($1.chance, $0.candidate) < ($0.chance, $1.candidate) })
    where !explored.contains(entry.candidate) {
      let cost = view.pool.candidates[entry.candidate].costWeight * view.gpuSecondsPerWeight * fraction
      if cost > room { continue }
      room -= cost
      explored.insert(entry.candidate)
      members.append(entry.candidate)
    }
    return members.isEmpty || explored.count > Self.mostExplored(view)
      ? nil
      : Stage(.exploration, rung: 1, fraction: fraction, members: members)
  }

  private static func mostExplored(_ view: StageView) -> Int {
    max(1, Int(view.settings.explorationFraction * Double(view.pool.candidates.count)))
  }

  /// Whoever may still be best, wherever it comes from, up to the observed fraction.
  private mutating func finalStage(_ view: StageView) -> Stage? {
    step = .final
    guard let leader = view.finals.compactMap({ $0 }).min(by: { ($0.mean, $0.deviation) < ($1.mean, $1.deviation) })
    else { return nil }
    let members = view.pool.candidates.indices.filter { candidate in
      guard let final = view.finals[candidate], !view.states[candidate].isClosed else { return false }
      return !view.isObserved(candidate, at: view.settings.observedFraction)
        && final.probability(below: leader) > Self.leastChance * 5
    }
    return members.isEmpty
      ? nil
      : Stage(.exploration, rung: 2, fraction: view.settings.observedFraction, members: members)
  }

  static let leastChance = 0.01
  private static let leastExplored = 0.05
}
