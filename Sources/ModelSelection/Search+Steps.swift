// While a plan waits for a whole rung, and where a strategy ends in a race, whoever has most to gain for its cost goes a step on;
// beyond the observed fraction only when nobody has anything to gain up to it. The baselines wait, as published.
extension Search {
  /// A candidate that could be trained further, and what that may gain over the leader: log error.
  private struct Step {
    let candidate: Int
    let fraction: Double
    /// The gain for a unit of cost weight.
    let value: Double
  }

  /// The step of most expected gain over the leader for its GPU-seconds; nil when no candidate that fits and can be paid for
  /// has that much to gain.
  func bestStep(_ fits: (Int, MemoryNeed) -> Bool) -> Work? {
    for most in reaches {
      var best: Step?
      visitSteps(upTo: most) { step in
        guard best.map({ step.value > $0.value }) ?? true, limit(on: step.candidate, to: step.fraction) == nil,
          fits(step.candidate, need(of: step.candidate))
        else { return true }
        best = step
        return true
      }
      if let best {
        return Work(candidate: best.candidate, fraction: best.fraction, rung: 0, phase: .speculation)
      }
    }
    return nil
  }

  /// Whether there is a step on a device that fits everything. O(1) where most candidates have one.
  var hasStep: Bool {
    reaches.contains { most in
      var isFound = false
      visitSteps(upTo: most) { step in
        isFound = limit(on: step.candidate, to: step.fraction) == nil
        return !isFound
      }
      return isFound
    }
  }

  /// The budget for want of which a step is not gone.
  var limitOfSteps: StopReason? {
    for most in reaches {
      var found: StopReason?
      visitSteps(upTo: most) { step in
        found = limit(on: step.candidate, to: step.fraction)
        return found == nil
      }
      if let found { return found }
    }
    return nil
  }

  /// Whether the plan has ended in a race.
  private var isRace: Bool {
    isPlanComplete && (settings.regretBoundFraction > 0 || settings.strategy == .race)
  }

  /// Up to where steps go; the later ones only where there is none before.
  private var reaches: [Double] {
    guard settings.strategy == .mordal || settings.strategy == .race, isRace || !isPlanComplete else { return [] }
    return isRace ? [settings.observedFraction, 1] : [settings.observedFraction]
  }

  /// Shows each candidate's next step until `visit` wants no more; the leader's last. To look at the leader is worth what the
  /// best of the others may gain over it.
  private func visitSteps(upTo most: Double, _ visit: (Step) -> Bool) {
    let least = isRace ? Self.leastGain : 0
    let leading = leader.flatMap { knowledge.finals[$0] }
    var challenge = 0.0
    func step(_ candidate: Int, gain: Double) -> Step? {
      let at = states[candidate].checkpoint?.dataFraction ?? 0
      guard gain >= least, !states[candidate].isClosed, states[candidate].openTrial == nil, at < most * (1 - 1e-9)
      else { return nil }
      let next = min(most, max(settings.startFraction, at * settings.reductionFactor))
      return Step(
        candidate: candidate, fraction: next, value: gain / (pool.candidates[candidate].costWeight * (next - at)))
    }
    for candidate in states.indices where candidate != leader && !states[candidate].isGivenUp {
      let gain =
        leading.flatMap { knowledge.belief(candidate, pool)?.expectedGain(over: $0) } ?? Self.gainOfUnknown
      challenge = max(challenge, gain)
      if let step = step(candidate, gain: gain), !visit(step) { return }
    }
    if let leader, let step = step(leader, gain: challenge) { _ = visit(step) }
  }

  /// A race does not go on for less: log error. Above the errors' rounding, below what anybody would notice.
  private static let leastGain = 0.00025
  /// What a candidate of which nothing is known may gain: log error.
  private static let gainOfUnknown = 1.0
}
