/// The state of the search that a strategy may read.
struct StrategyContext {
  let pool: Pool
  let settings: SearchSettings
  let states: [CandidateState]
  let knowledge: Knowledge
  let goals: GoalBeliefs
  /// The candidate whose median predicted error is lowest; nil before the first observation.
  let leader: Int?
  let spending: Spending
  let gpuSecondsPerWeight: Double
  let openTrialCount: Int
  /// The cost weight of reported work and of what open trials have left.
  let usedWeight: Double
  /// The cost weight of further work that the budgets allow; infinite without a budget whose rate is known.
  let affordableWeight: Double
  let starts: StartCosts
  /// The cost weight of a GPU-second; nil while it is unknown what work takes.
  let weightPerGPUSecond: Double?
  /// The candidate that the worker which asks has just trained up to its checkpoint, and may go on with without a
  /// start; nil for none.
  var heldCandidate: Int?

  /// The predicted final error of each candidate; nil for those without an observation.
  var finals: [FinalError?] { knowledge.finals }

  /// The predicted final error of the leader.
  var leadingFinal: FinalError? { leader.flatMap { knowledge.finals[$0] } }

  /// Candidates by rising `figure`; ties by candidate number.
  func sorted(_ candidates: [Int], by figure: (Int) -> Double) -> [Int] {
    candidates.map { (figure($0), $0) }.sorted { $0 < $1 }.map(\.1)
  }

  /// The largest fraction at which the candidate was observed; 0 before its first observation.
  func observedFraction(of candidate: Int) -> Double { states[candidate].observations.last?.dataFraction ?? 0 }

  func isObserved(_ candidate: Int, at fraction: Double) -> Bool {
    observedFraction(of: candidate) >= fraction * (1 - 1e-9)
  }

  /// The first error observed at the fraction or beyond; infinite when there is none.
  func error(_ candidate: Int, at fraction: Double) -> Double {
    states[candidate].observations.first { $0.dataFraction >= fraction * (1 - 1e-9) }?.error ?? .infinity
  }

  /// The number of candidates that one halving keeps of `count`.
  func keptCount(of count: Int) -> Int { max(1, Int((Double(count) / settings.reductionFactor).rounded(.up))) }

  /// The cost weight of the start of the candidate's next trial; 0 where nothing is known of starts.
  ///
  /// - Parameter isRepeat: whether it begins from the start, with another seed.
  func startWeight(of candidate: Int, isRepeat: Bool = false) -> Double {
    guard starts.areKnown, let weightPerGPUSecond, isRepeat || candidate != heldCandidate else { return 0 }
    return starts.gpuSeconds(of: candidate) * weightPerGPUSecond
  }

  /// The cost weight of starting a trial of each candidate. O(candidates).
  var totalStartWeight: Double { states.indices.reduce(0) { $0 + startWeight(of: $1) } }

  /// The fraction up to which a trial is worth its start: the wanted one, or the first rung beyond at which training
  /// takes as long as the start; all the data where less than a start would be left.
  ///
  /// - Parameter begun: where the trial begins.
  func fraction(worthStarting candidate: Int, from begun: Double, wanted: Double, isRepeat: Bool = false) -> Double {
    let start = startWeight(of: candidate, isRepeat: isRepeat) / pool.candidates[candidate].costWeight
    guard start > 0 else { return wanted }
    var fraction = max(wanted, settings.startFraction)
    if fraction < begun + start {
      fraction = settings.startFraction
      while fraction < min(1, begun + start) { fraction *= settings.reductionFactor }
    }
    return 1 - fraction < start ? 1 : fraction
  }

  /// The data fraction of a rung, counted from 0 at the start fraction; at most 1.
  func fraction(ofRung rung: Int) -> Double {
    var fraction = settings.startFraction
    for _ in 0..<rung { fraction *= settings.reductionFactor }
    return min(1, fraction)
  }
}
