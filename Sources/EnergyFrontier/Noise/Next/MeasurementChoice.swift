public import Basics

/// Which options of a noisy or incomplete profile are worth measuring next.
///
/// **Regret.** A plan gives each instruction the option that looks best at the price of its time. What that loses
/// against the options that are best in truth is, by the identity of ``BoundPrices``, the plan's regret to first order:
/// prices move, too, but at the optimum that costs nothing in first order. Its expectation over draws of the true
/// tables (``ProfileEstimate/draw(_:)``) is the *expected regret*.
///
/// **Value.** One more sample moves the laws of all tables of its family by a normal amount that is known beforehand
/// (``LawCovariance``), and lowers the expected regret by how much better the choices are that follow: the knowledge
/// gradient for correlated beliefs (Frazier, Powell and Dayanik 2009, 10.1287/ijoc.1080.0314). For each table and price
/// it is taken from the best single alternative among the faster options, and among the slower ones: with `d` how much
/// worse it looks and `s` the standard deviation by which the difference will move, `s (phi(d/s) - d/s Phi(-d/s))`.
/// That is a bound from below, and exact for one alternative; on a smooth valley it finds four fifths.
///
/// **Several.** After each choice the laws are as certain as they will be with it, and the next is chosen: what will be
/// measured need not be known for that, as covariances do not depend on it.
///
/// Time and energy are taken as independent here; their correlation counts in the expected regret.
public struct MeasurementChoice: Sendable {
  /// One measurement to make.
  public struct Candidate: Sendable, Equatable {
    /// Indices of the table and of its option.
    public let table: Int
    public let option: Int
    /// By how much it lowers the expected regret of an iteration after the measurements named before it, in joules of
    /// all devices.
    public let savedJoules: Double
  }

  /// The most valuable first.
  public let candidates: [Candidate]
  /// Of a plan on the estimate, averaged over the frontier, in joules of all devices.
  public let expectedRegretJoules: Double
  /// The same over the bound.
  public let expectedRegretFraction: Double

  private static let drawCount = 64

  /// Chooses up to `count` measurements, fewer where no other one is of any value.
  ///
  /// - Parameters:
  ///   - problem: has the tables of the estimate, option by option.
  ///   - isAllowed: whether an option may be measured; each may be chosen several times.
  /// - Throws: ``FrontierError/cancelled``.
  /// - Complexity: O(count x (options + 48 tables) x clocks x (levels + width)), with about a nanosecond for each; see
  ///   ``LawCovariance`` for the width, which is some tens and ten for each table of a family. Only the 48 options
  ///   whose own tables gain most are judged by what all tables gain.
  public init(
    _ problem: IterationProblem, estimate: ProfileEstimate, count: Int, seed: UInt64,
    isAllowed: (_ table: Int, _ option: Int) -> Bool, progress: ProgressHandle = ProgressHandle()
  ) throws(FrontierError) {
    precondition(problem.tables.map(\.measurements.count) == estimate.tables.map(\.count))
    let prices = try TimePrices(problem, progress.part(0...0.3))
    let devices = Double(problem.deviceMultiplicity)
    let choices = problem.tables.indices.map { TableChoices(problem.tables[$0], prices.levels[$0]) }
    var random = SplitMix64(seed: seed)
    var regret = 0.0
    for _ in 0..<Self.drawCount {
      try progress.check()
      for (drawn, choices) in zip(estimate.draw(&random), choices) { regret += choices.regretJoules(drawn) }
    }
    expectedRegretJoules = devices * regret / Double(Self.drawCount)
    expectedRegretFraction = prices.boundJoules > 0 ? regret / Double(Self.drawCount) / prices.boundJoules : 0

    var families = estimate.fits.map { fit in
      FamilyChoice(fit, choices: fit.summary.tables.map { choices[$0] }, isAllowed: isAllowed)
    }
    var best: [FamilyChoice.Option?] = try families.map { (family) throws(FrontierError) in try family.best(progress) }
    var chosen: [Candidate] = []
    while chosen.count < count,
      let next = best.indices.max(by: { (best[$0]?.savedJoules ?? 0) < (best[$1]?.savedJoules ?? 0) }),
      let option = best[next], option.savedJoules > 0
    {
      chosen.append(
        Candidate(
          table: estimate.fits[next].summary.tables[option.table], option: option.option,
          savedJoules: devices * option.savedJoules))
      families[next].measure(option)
      best[next] = try families[next].best(progress)
      progress.report(0.3 + 0.7 * Double(chosen.count) / Double(count))
    }
    candidates = chosen
  }
}

/// One table's options at each price level, as they look now.
private struct TableChoices: Sendable {
  /// A level with the option that looks best.
  struct Level: Sendable {
    let price: TimePrices.Level
    let best: Int
    /// By how much each option looks worse, in joules.
    let excess: [Double]
    /// Joules that a relative error of each option's time is worth.
    let timeWeights: [Double]
  }

  let levels: [Level]
  /// Joules that a relative error of each option's energy is worth.
  let energyWeights: [Double]
  /// For each option whether it is faster than another.
  private let seconds: [Double]
  private let deviceCount: Double
  private let blockingPowerWatts: Double

  init(_ table: OptionTable, _ prices: [TimePrices.Level]) {
    let devices = Double(table.deviceCount)
    (deviceCount, blockingPowerWatts) = (devices, table.blockingPowerWatts)
    seconds = table.measurements.map(\.timeSeconds)
    energyWeights = table.measurements.map { devices * $0.energyJoules }
    levels = prices.map { price in
      let costs = table.measurements.map { table.effectiveJoules($0) + price.watts * $0.timeSeconds }
      let best = costs.indices.min { (costs[$0], $0) < (costs[$1], $1) }!
      return Level(
        price: price, best: best, excess: costs.map { $0 - costs[best] },
        timeWeights: table.measurements.map { (price.watts - devices * table.blockingPowerWatts) * $0.timeSeconds })
    }
  }

  /// What the options that look best lose where the table is as drawn.
  func regretJoules(_ drawn: [Measurement]) -> Double {
    levels.reduce(0) { sum, level in
      func cost(_ one: Measurement) -> Double {
        deviceCount * (one.energyJoules - blockingPowerWatts * one.timeSeconds)
          + level.price.watts * one.timeSeconds
      }
      let least = drawn.reduce(.infinity) { min($0, cost($1)) }
      return sum + level.price.instructionCount * (cost(drawn[level.best]) - least)
    }
  }

  /// What choices gain when relative shifts of times and energies by one standard deviation are as given, by option.
  func gainJoules(timeShifts: [Double], energyShifts: [Double]) -> Double {
    levels.reduce(0) { sum, level in
      let (bestTime, bestEnergy) = (
        level.timeWeights[level.best] * timeShifts[level.best], energyWeights[level.best] * energyShifts[level.best]
      )
      var (faster, slower) = (0.0, 0.0)
      for option in seconds.indices where option != level.best {
        let time = level.timeWeights[option] * timeShifts[option] - bestTime
        let energy = energyWeights[option] * energyShifts[option] - bestEnergy
        let deviation = (time * time + energy * energy).squareRoot()
        // Beyond six deviations the gain is below 1e-10 of the deviation.
        guard level.excess[option] < 6 * deviation else { continue }
        let distance = level.excess[option] / deviation
        let gain =
          deviation
          * (PortableMath.normalDensity(distance) - distance * PortableMath.normalProbability(below: -distance))
        if seconds[option] < seconds[level.best] { faster = max(faster, gain) } else { slower = max(slower, gain) }
      }
      return sum + level.price.instructionCount * (faster + slower)
    }
  }
}

/// What measurements of one family are worth.
private struct FamilyChoice {
  struct Option {
    /// Within the family.
    let table: Int
    let option: Int
    let savedJoules: Double
  }

  private let choices: [TableChoices]
  private let positions: [[Int]]
  private let allowed: [(table: Int, option: Int)]
  private var time: LawCovariance
  private var energy: LawCovariance

  init(_ fit: FamilyFit, choices: [TableChoices], isAllowed: (Int, Int) -> Bool) {
    self.choices = choices
    positions = fit.time.family.tables.map(\.positions)
    allowed = fit.summary.tables.enumerated().flatMap { index, table in
      fit.time.family.tables[index].positions.indices.filter { isAllowed(table, $0) }.map { (index, $0) }
    }
    (time, energy) = (LawCovariance(fit.time), LawCovariance(fit.energy))
  }

  /// Options that are judged by what all tables gain: those whose own table gains most.
  private static let judgedCount = 48

  /// The most valuable option; nil where none is of any value.
  func best(_ progress: ProgressHandle) throws(FrontierError) -> Option? {
    var own: [(table: Int, option: Int, gain: Double)] = []
    for (table, option) in allowed {
      try progress.check()
      own.append((table, option, gainJoules(of: table, byMeasuring: (table, positions[table][option]))))
    }
    var best: Option?
    for (table, option, gain) in own.smallest(Self.judgedCount, by: { $0.gain > $1.gain }) {
      try progress.check()
      let measured = (table: table, clock: positions[table][option])
      let saved = choices.indices.reduce(gain) {
        $1 == table ? $0 : $0 + gainJoules(of: $1, byMeasuring: measured)
      }
      if saved > best?.savedJoules ?? 0 { best = Option(table: table, option: option, savedJoules: saved) }
    }
    return best
  }

  private func gainJoules(of table: Int, byMeasuring measured: (table: Int, clock: Int)) -> Double {
    let times = time.shifts(of: table, byMeasuring: measured)
    let energies = energy.shifts(of: table, byMeasuring: measured)
    return choices[table].gainJoules(
      timeShifts: positions[table].map { times[$0] }, energyShifts: positions[table].map { energies[$0] })
  }

  mutating func measure(_ option: Option) {
    time.measure(table: option.table, clock: positions[option.table][option.option])
    energy.measure(table: option.table, clock: positions[option.table][option.option])
  }
}
