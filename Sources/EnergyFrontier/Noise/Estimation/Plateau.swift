internal import Basics

/// The clock from which on nothing changes, where there is one: chosen by likelihood among no plateau, one of time
/// alone, and one of time and energy.
struct Plateau {
  let time: FittedFamily
  let energy: FittedFamily

  /// The positions where a plateau may begin leave two clocks above and two below.
  private static let margin = 2
  /// Places at which the variances are fitted again, for each kind of plateau.
  private static let candidateCount = 3

  init(_ time: FittedFamily, _ energy: FittedFamily) {
    let last = time.family.clocks.count - 1
    let cuts = Array(Self.margin..<(last + 1 - Self.margin))
    let free = [time, energy]
    let gains = free.map { fit in
      cuts.map { fit.evaluation.cost - Self.cut(fit, at: $0).evaluation.cost }
    }
    var fitted: [[Int: FittedFamily]] = [[:], [:]]
    func gain(_ quantity: Int, _ cut: Int) -> Double {
      if fitted[quantity][cut] == nil {
        var fit = Self.cut(free[quantity], at: cut)
        fit.improve(coarsest: 1)
        fitted[quantity][cut] = fit
      }
      return free[quantity].evaluation.cost - fitted[quantity][cut]!.evaluation.cost
    }
    func best(_ scores: [Double]) -> [Int] {
      scores.indices.smallest(Self.candidateCount) { scores[$0] > scores[$1] }.map { cuts[$0] }
    }
    // Twice the log of the number of hypotheses that a plateau is one of.
    var chosen = (gain: 2 * PortableMath.log(2 * Double(cuts.count)), time: last, energy: last)
    for cut in best(gains[0].indices.map { gains[0][$0] + gains[1][$0] }) {
      let gain = gain(0, cut) + gain(1, cut)
      if gain > chosen.gain { chosen = (gain, cut, cut) }
    }
    for cut in best(gains[0]) {
      let gain = gain(0, cut)
      if gain > chosen.gain { chosen = (gain, cut, last) }
    }
    func refit(_ quantity: Int, _ cut: Int) -> FittedFamily {
      if cut == last { return free[quantity] }
      var family = free[quantity].family
      family.cut = cut
      family.shares = Array(repeating: 0, count: last + 1)
      for table in family.tables.indices { family.tables[table].scale = 2 }
      return FittedFamily(fitting: family, sharesTime: quantity == 0)
    }
    self.time = refit(0, chosen.time)
    self.energy = refit(1, chosen.energy)
  }

  private static func cut(_ fit: FittedFamily, at position: Int) -> FittedFamily {
    var family = fit.family
    family.cut = position
    return FittedFamily(family, fit.variances)
  }
}
