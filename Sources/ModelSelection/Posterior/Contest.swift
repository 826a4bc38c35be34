internal import Basics

/// Who of several candidates ends best: probabilities and the expected regret, by draws of all final errors together.
///
/// A draw chooses an expert of the forecast and the pool's shared steps, which move all candidates as far as they have
/// to go; then each candidate's own part. Draws are a Latin hypercube with a fixed seed (McKay, Beckman and Conover
/// 1979, 10.2307/1268522): every coordinate takes the middles of equal parts of its distribution once, in an order of
/// its own. So the same events give the same answers, and a probability is a multiple of 1/1024 with a standard error
/// below 0.015.
///
/// An entrant that has to keep ceilings besides (``Goals``) wins a draw only where it keeps them, so a draw in which
/// entrants a, b, ... have the least errors, in this order, is won by a with its chance p, by b with (1 - p) times its
/// own, and so on. Where none may keep them, the probabilities sum to less than 1.
///
/// **Complexity.** O(draws x entrants); only the ``mostContenders`` with most chance take part.
struct Contest: Sendable {
  /// A candidate with what is known of it.
  struct Entrant {
    let candidate: Int
    let final: FinalError
    /// Its curve; nil for one that was not observed, whose final error is normal.
    let end: CurveEnd?
    /// The probability that it keeps its ceilings, whatever its error.
    var chance = 1.0
  }

  /// Candidates with a chance, and the probability that each is best.
  private(set) var contenders: [(candidate: Int, probability: Double)] = []
  /// The expectation of 1 - best error / favourite's error, in 0..<1. The best is that of the entrants that keep their
  /// ceilings; where it is above the favourite's, which may miss one, nothing is lost.
  private(set) var regretFraction = 0.0

  private static let mostContenders = 48
  static let drawCount = 1024
  /// Entrants with less chance to keep their ceilings cannot win.
  private static let leastChance = 1e-6

  /// - Parameters:
  ///   - entrants: candidates with different numbers.
  ///   - favourite: the number of the one that is suggested.
  init(_ entrants: [Entrant], favourite: Int, forecast: CurveForecast) {
    let kept = entrants.lazy.filter { $0.chance >= Self.leastChance || $0.candidate == favourite }.map {
      one -> (promise: Double, one: Entrant) in
      let final = one.final
      let promise = final.mean - 2 * (final.deviation + final.commonDeviation)
      return (one.candidate == favourite ? -.infinity : promise, one)
    }
    .smallest(Self.mostContenders) { ($0.promise, $0.one.candidate) < ($1.promise, $1.one.candidate) }
    .map(\.one)
    guard kept.count > 1 else {
      contenders = kept.map { ($0.candidate, $0.chance) }
      return
    }
    let hasCeilings = kept.contains { $0.chance < 1 }
    let draws = NormalDraws.shared
    // What does not depend on the draw, laid out as the loop reads it.
    let expertCount = forecast.weights.count
    var centres: [(mean: Double, deviation: Double)] = []
    var positions: [CurveForecast.Position?] = []
    centres.reserveCapacity(kept.count * expertCount)
    for one in kept {
      if let end = one.end {
        centres += forecast.finals(of: end)
        positions.append(forecast.position(end.position))
      } else {
        centres += repeatElement((mean: one.final.mean, deviation: one.final.deviation), count: expertCount)
        positions.append(nil)
      }
    }
    let favouritePlace = kept.firstIndex { $0.candidate == favourite }
    var wins = [Double](repeating: 0, count: kept.count)
    var errors = wins
    var regret = 0.0
    var (place, cumulative) = (0, forecast.weights[0])
    for draw in 0..<Self.drawCount {
      // Systematic resampling: each expert gets its share of the draws.
      let part = (Double(draw) + 0.5) / Double(Self.drawCount)
      while cumulative < part, place + 1 < expertCount {
        place += 1
        cumulative += forecast.weights[place]
      }
      let shifts = forecast.sharedShifts(place) { draws.value(draw, column: Self.mostContenders + $0 % 16) }
      var (least, best) = (Double.infinity, 0)
      for index in kept.indices {
        let centre = centres[index * expertCount + place]
        var error = centre.mean + centre.deviation * draws.value(draw, column: index)
        if let position = positions[index] { error += position.value { shifts[$0] } }
        if error < least { (least, best) = (error, index) }
        errors[index] = error
      }
      let favourites = favouritePlace.map { errors[$0] } ?? 0
      guard hasCeilings else {
        wins[best] += 1
        regret += 1 - PortableMath.exp(least - favourites)
        continue
      }
      // The winner is the best that keeps its ceilings; `missed` is the chance that none so far does.
      var missed = 1.0
      while missed > Self.leastChance, least < .infinity {
        let share = missed * kept[best].chance
        wins[best] += share
        regret += share * max(0, 1 - PortableMath.exp(least - favourites))
        missed -= share
        errors[best] = .infinity
        least = .infinity
        for (index, error) in errors.enumerated() where error < least { (least, best) = (error, index) }
      }
    }
    contenders = zip(kept, wins).map { ($0.candidate, $1 / Double(Self.drawCount)) }
    regretFraction = max(0, regret / Double(Self.drawCount))
  }
}

/// Standard normal numbers, the same in every run: each column is stratified, and in an order of its own.
private struct NormalDraws: Sendable {
  static let shared = NormalDraws()
  private static let columnCount = 64
  private let values: [Double]

  func value(_ draw: Int, column: Int) -> Double { values[column * Contest.drawCount + draw] }

  private init() {
    let count = Contest.drawCount
    let middles = (0..<count).map { PortableMath.normalQuantile((Double($0) + 0.5) / Double(count)) }
    var generator = SplitMix64(seed: 20_261_127)
    var values: [Double] = []
    for _ in 0..<Self.columnCount {
      var column = middles
      for last in stride(from: count - 1, to: 0, by: -1) { column.swapAt(last, generator.index(below: last + 1)) }
      values += column
    }
    self.values = values
  }
}
