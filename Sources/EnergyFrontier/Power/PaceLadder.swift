internal import Basics

/// Which plans a job in lockstep runs at each iteration time, and at which power.
///
/// An iteration of the job lasts `S` for all its pipelines. Each runs its cheapest plan that takes at most `S` and
/// waits for the rest, so the job draws `J / S + W`, where `J` is the sum of the plans' effective energies and `W` what
/// all devices draw while they wait. `J` falls at each time from which some pipeline has a cheaper plan: these are the
/// *steps* of the ladder. Between two of them nothing runs differently; a longer `S` is a longer wait.
///
/// So for one job the fastest iteration within a power is found exactly, over all its plans and all waits.
///
/// The same holds of peak power: each pipeline takes the plan of least peak that takes at most `S`, and the job's peak
/// is the sum of theirs, as pipelines in lockstep may have their peaks at the same time. Waiting does not lower it.
public struct PaceLadder: Sendable, Equatable {
  /// Pipelines of a job that are alike.
  public struct Pipelines: Sendable {
    /// The figures of one pipeline's plans, by rising time; at least one.
    public let plans: [PlanPower]
    public let waitingPowerWatts: Double
    public let count: Double

    public init(plans: [PlanPower], waitingPowerWatts: Double, count: Double) {
      precondition(!plans.isEmpty)
      self.plans = plans
      self.waitingPowerWatts = waitingPowerWatts
      self.count = count
    }
  }

  public struct Step: Sendable, Equatable {
    /// The least iteration time at which these plans run.
    public let iterationTimeSeconds: Double
    public let draw: PowerDraw

    var powerWatts: Double { draw.powerWatts(at: iterationTimeSeconds) }
  }

  /// What a job does: the plans of a step, in iterations that may last longer than these need.
  public struct Pace: Sendable, Equatable {
    public let iterationTimeSeconds: Double
    /// Watts of all devices, by the ladder's measure.
    public let powerWatts: Double
    public let step: Int
  }

  public let measure: PowerMeasure
  /// By rising time and strictly falling power; at least one.
  public let steps: [Step]
  /// The steps on the lower hull of rate and power, rising: between two of them watts are lost at one rate each.
  let cornerSteps: [Int]
  /// Whether a job may wait between iterations; otherwise one lasts as long as the slowest plan in it.
  public let mayWait: Bool
  /// No iteration may last longer; may be infinite.
  public let longestTimeSeconds: Double
  /// For each kind of pipelines its choices: from each time on, a plan.
  private let choices: [[Choice]]

  private struct Choice: Sendable, Equatable {
    let timeSeconds: Double
    let draw: PowerDraw
    let plan: Int
  }

  /// - Parameters:
  ///   - shortestTimeSeconds: no iteration of the job may be shorter, as where a straggler holds it up.
  ///   - longestTimeSeconds: no iteration may be longer, but for the fastest.
  /// - Complexity: O(n log n) for n plans of all kinds.
  public init(
    _ pipelines: [Pipelines], measure: PowerMeasure = .average, mayWait: Bool, shortestTimeSeconds: Double = 0,
    longestTimeSeconds: Double = .infinity
  ) {
    precondition(!pipelines.isEmpty)
    self.measure = measure
    self.mayWait = mayWait
    self.longestTimeSeconds = longestTimeSeconds
    choices = pipelines.map { Self.choices(of: $0, measure) }
    let start = choices.reduce(shortestTimeSeconds) { max($0, $1[0].timeSeconds) }
    var draw = PowerDraw(watts: 0, joules: 0)
    var later: [(time: Double, kind: Int, choice: Int)] = []
    for (kind, list) in choices.enumerated() {
      let next = list.partitioningIndex { $0.timeSeconds > start }
      draw += list[next - 1].draw
      later += (next..<list.count).map { (list[$0].timeSeconds, kind, $0) }
    }
    later.sort { ($0.time, $0.kind) < ($1.time, $1.kind) }
    var steps = [Step(iterationTimeSeconds: start, draw: draw)]
    for (index, event) in later.enumerated() where event.time <= longestTimeSeconds {
      draw += choices[event.kind][event.choice].draw
      draw -= choices[event.kind][event.choice - 1].draw
      if index + 1 < later.count, later[index + 1].time == event.time { continue }
      let step = Step(iterationTimeSeconds: event.time, draw: draw)
      // Peaks may be equal but for rounding; and where running draws less than waiting, a longer iteration draws more.
      let last = steps[steps.count - 1].powerWatts
      if step.powerWatts < last - 1e-12 * abs(last) { steps.append(step) }
    }
    self.steps = steps
    let byRate = steps.indices.reversed()
    cornerSteps = lowerHull(
      x: byRate.map { 1 / steps[$0].iterationTimeSeconds }, y: byRate.map { steps[$0].powerWatts }
    ).reversed().map { steps.count - 1 - $0 }
  }

  /// The plans that no other of the kind is both as fast and as cheap as, with the figures of all its pipelines.
  private static func choices(of pipelines: Pipelines, _ measure: PowerMeasure) -> [Choice] {
    var choices: [Choice] = []
    for (number, plan) in pipelines.plans.enumerated() {
      let draw = plan.draw(measure, waitingPowerWatts: pipelines.waitingPowerWatts).times(pipelines.count)
      if let last = choices.last?.draw, last.joules <= draw.joules, last.watts <= draw.watts { continue }
      choices.append(Choice(timeSeconds: plan.iterationTimeSeconds, draw: draw, plan: number))
    }
    return choices
  }
}

// MARK: - Queries

extension PaceLadder {
  public var fastest: Pace { pace(ofStep: 0) }

  /// The pace of least power.
  public var slowest: Pace {
    let step = steps.count - 1
    if mayWait, steps[step].draw.joules > 0 { return pace(ofStep: step, lasting: longestTimeSeconds) }
    return pace(ofStep: step)
  }

  /// The pace of a step without a longer wait.
  public func pace(ofStep step: Int) -> Pace {
    Pace(iterationTimeSeconds: steps[step].iterationTimeSeconds, powerWatts: steps[step].powerWatts, step: step)
  }

  /// The next slower corner after a pace; its slowest where there is none. O(log steps).
  func corner(after pace: Pace) -> Pace {
    let next = cornerSteps.partitioningIndex { $0 > pace.step }
    return next < cornerSteps.count ? self.pace(ofStep: cornerSteps[next]) : slowest
  }

  /// The pace of a step in iterations that last so long, or as long as the step needs.
  func pace(ofStep step: Int, lasting seconds: Double) -> Pace {
    let seconds = max(seconds, steps[step].iterationTimeSeconds)
    return Pace(
      iterationTimeSeconds: seconds, powerWatts: steps[step].draw.powerWatts(at: seconds), step: step)
  }

  /// The fastest pace within a power; nil below the least. O(log steps).
  public func pace(withinWatts powerWatts: Double) -> Pace? {
    let step = steps.partitioningIndex { $0.powerWatts <= powerWatts }
    // The plans of the step before may do with a longer wait.
    if step > 0, let waiting = pace(ofStep: step - 1, keeping: [(steps[step - 1].draw, powerWatts)]) { return waiting }
    return step < steps.count ? pace(ofStep: step) : nil
  }

  /// The fastest pace with the plans of a step, with waits if they are allowed and help, at which each draw keeps its
  /// cap; nil where there is none.
  func pace(ofStep step: Int, keeping caps: [(draw: PowerDraw, capWatts: Double)]) -> Pace? {
    let start = steps[step].iterationTimeSeconds
    var seconds = start
    for (draw, cap) in caps where draw.powerWatts(at: seconds) > cap {
      guard draw.joules > 0, cap > draw.watts else { return nil }
      seconds = draw.joules / (cap - draw.watts)
    }
    if seconds == start { return pace(ofStep: step) }
    // From the next step on other plans are as fast and draw less.
    guard mayWait, seconds <= longestTimeSeconds,
      step + 1 == steps.count || seconds < steps[step + 1].iterationTimeSeconds
    else { return nil }
    return pace(ofStep: step, lasting: seconds)
  }

  /// For each kind of pipelines the number of the plan it runs. O(kinds log plans).
  public func plans(at pace: Pace) -> [Int] { choices.indices.map { choice(ofKind: $0, step: pace.step).plan } }

  /// The plan that pipelines of a kind run at a step. O(log plans).
  public func plan(ofKind kind: Int, step: Int) -> Int { choice(ofKind: kind, step: step).plan }

  /// What all pipelines of a kind draw at a step. O(log plans).
  public func draw(ofKind kind: Int, step: Int) -> PowerDraw { choice(ofKind: kind, step: step).draw }

  private func choice(ofKind kind: Int, step: Int) -> Choice {
    let time = steps[step].iterationTimeSeconds
    return choices[kind][choices[kind].partitioningIndex { $0.timeSeconds > time } - 1]
  }

  /// The lower hull of the paces.
  public var hull: PowerCurve {
    PowerCurve(
      hullOf: (cornerSteps.map(pace(ofStep:)) + [slowest]).map {
        .init(iterationsPerSecond: 1 / $0.iterationTimeSeconds, powerWatts: $0.powerWatts)
      })
  }
}
