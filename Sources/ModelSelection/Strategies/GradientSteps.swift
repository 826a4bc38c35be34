internal import Basics

/// The next step of every candidate, valued by the knowledge gradient for its cost: by how much the suggestion's final
/// error is expected to fall, on average over what training the candidate further may show, for each unit of cost
/// weight (Frazier, Powell and Dayanik 2009, 10.1287/ijoc.1080.0314).
///
/// What one step shows may be worth nothing where several would decide. So a step counts for the best of all prefixes
/// of the candidate's path to all the data, each for the cost of the whole prefix (the KG(*) of Frazier and Powell
/// 2010, 10.1287/deca.1100.0188). Near the end of a budget only prefixes that can be paid for count.
///
/// To train a candidate other than the leader is worth E max(0, leader's mean - its new mean); to train the leader,
/// what is expected to be lost by it, E max(0, its new mean - the second's mean).
///
/// **Complexity.** O(candidates x doublings left) at worst; most of a large pool is far behind and costs one
/// comparison.
struct GradientSteps {
  let context: StrategyContext
  /// Steps that are expected to gain less than this are left out: log error.
  let leastGain: Double

  private let means: (leader: Double, second: Double)?
  /// Nil where no ceiling has to be kept.
  private let floors: FloorWorth?
  private let affordableWeight: Double

  init(_ context: StrategyContext, leastGain: Double) {
    self.context = context
    self.leastGain = leastGain
    affordableWeight = context.affordableWeight * (1 + 1e-9)
    floors = FloorWorth(context)
    if let floors {
      means = floors.means
      return
    }
    guard let leader = context.leader, let leading = context.leadingFinal else {
      means = nil
      return
    }
    var second = Double.infinity
    for candidate in context.states.indices where candidate != leader && !context.states[candidate].isGivenUp {
      if let belief = context.knowledge.belief(candidate, context.pool) { second = min(second, belief.mean) }
    }
    means = (leading.mean, second)
  }

  /// The step of highest value among those that can start.
  func best(where canStart: (_ candidate: Int, _ fraction: Double) -> Bool) -> Work? {
    var best: CandidateStep?
    for candidate in context.states.indices {
      guard let step = step(candidate, above: best?.value ?? 0), canStart(candidate, step.fraction) else { continue }
      best = step
    }
    return best.map { step in
      let isRepeat = isRepetition(of: step.candidate)
      return Work(
        candidate: step.candidate, fraction: step.fraction, rung: 0, phase: isRepeat ? .repetition : .speculation,
        isRepeat: isRepeat)
    }
  }

  /// Whether the candidate's next step is to train it again with another seed: it is finished, but its evaluation was
  /// noisy.
  private func isRepetition(of candidate: Int) -> Bool {
    let state = context.states[candidate]
    return (state.checkpoint?.dataFraction ?? 0) >= 1 - 1e-9 && state.curve.seed < context.settings.repetitionLimit
      && context.knowledge.evaluationDeviation(of: candidate) > 0
  }

  /// Where the candidate's next step begins; 1 where there is none.
  private func nextStart(of candidate: Int) -> Double {
    isRepetition(of: candidate) ? 0 : context.states[candidate].checkpoint?.dataFraction ?? 0
  }

  /// Shows every step until `visit` returns false, also those that the budget no longer pays for, so that the search
  /// can tell a spent budget from a finished race. O(1) when the first step ends the visit.
  func visitAll(_ visit: (CandidateStep) -> Bool) {
    for candidate in context.states.indices {
      guard let step = step(candidate, above: 0, within: .infinity) else { continue }
      // A step that can be paid for, but only as the beginning of a path that cannot, would not be taken.
      let begun = nextStart(of: candidate)
      let weight = context.pool.candidates[candidate].costWeight * (step.fraction - begun)
      let start = context.startWeight(of: candidate, isRepeat: isRepetition(of: candidate))
      if start + weight <= affordableWeight, self.step(candidate, above: 0) == nil { continue }
      if !visit(step) { return }
    }
  }

  /// The candidate's next step, when its value is above a limit.
  ///
  /// - Parameter budget: the cost weight that a path may take; by default what the search's budget allows.
  private func step(_ candidate: Int, above limit: Double, within budget: Double? = nil) -> CandidateStep? {
    let affordableWeight = budget ?? affordableWeight
    let state = context.states[candidate]
    let begun = nextStart(of: candidate)
    guard !state.isClosed, state.openTrial == nil, begun < 1 - 1e-9, let means,
      let belief = context.knowledge.belief(candidate, context.pool)
    else { return nil }
    let lead = candidate == context.leader ? means.leader - means.second : means.leader - belief.mean
    // Nothing that training may show makes more of it than the whole deviation does.
    let doubt = candidate == context.leader ? floors?.worthOfDoubt(about: candidate) ?? 0 : 0
    guard lead > -8 * belief.deviation || doubt > 0 else { return nil }
    let chance = floors?.chance(candidate) ?? 1
    let weight = context.pool.candidates[candidate].costWeight
    if isRepetition(of: candidate) { return repetition(candidate, belief, lead: lead, above: limit, affordableWeight) }
    let start = context.startWeight(of: candidate)
    var next = min(1, max(context.settings.startFraction, begun * context.settings.reductionFactor))
    let longer = context.fraction(worthStarting: candidate, from: begun, wanted: next)
    if start + weight * (longer - begun) <= affordableWeight { next = longer }
    var (value, gain, fraction) = (limit, 0.0, next)
    while start + weight * (fraction - begun) <= affordableWeight {
      let deviation = context.knowledge.informativeDeviation(belief, candidate, upTo: fraction)
      // Doubt about a ceiling is taken to go as that about the error does.
      let gained =
        chance * FinalError.expectedExcess(of: lead, deviation: deviation)
        + (doubt > 0 ? doubt * min(1, deviation / belief.deviation) : 0)
      gain = max(gain, gained)
      value = max(value, gained / (start + weight * (fraction - begun)))
      if fraction >= 1 { break }
      fraction = min(1, fraction * context.settings.reductionFactor)
    }
    guard gain >= leastGain, value > limit else { return nil }
    return CandidateStep(candidate: candidate, fraction: next, value: value)
  }

  /// The next whole training of a finished candidate with another seed, when its value is above a limit. It counts for
  /// the best number of trainings, as a step counts for the best prefix of its path: where one could not change who
  /// leads, several may.
  private func repetition(
    _ candidate: Int, _ belief: FinalError, lead: Double, above limit: Double, _ affordableWeight: Double
  ) -> CandidateStep? {
    let weight = context.pool.candidates[candidate].costWeight
    let evaluation = context.knowledge.evaluationDeviation(of: candidate)
    var (value, gain) = (limit, 0.0)
    for count in 1...(context.settings.repetitionLimit - context.states[candidate].curve.seed) {
      let cost = (weight + context.startWeight(of: candidate, isRepeat: true)) * Double(count)
      guard cost <= affordableWeight else { break }
      let deviation = Knowledge.learned(
        belief.deviation * belief.deviation, evaluation / Double(count).squareRoot())
      let gained = FinalError.expectedExcess(of: lead, deviation: deviation)
      gain = max(gain, gained)
      value = max(value, gained / cost)
    }
    guard gain >= leastGain, value > limit else { return nil }
    return CandidateStep(candidate: candidate, fraction: 1, value: value)
  }
}
