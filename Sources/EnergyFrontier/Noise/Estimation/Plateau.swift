internal import Basics

/// The clock from which on nothing changes, where there is one: what is likely among no plateau, one of time alone, and
/// one of time and energy, each of which may begin sharply, or softly over some clocks, as where a power cap binds in a
/// part of the instruction's kernels only. Were all plateaus sharp, a law that levels off would be given a corner, and
/// a plan would choose just the clock where that corner promises too much.
struct Plateau {
  struct Hypothesis {
    /// How likely it is, over the likeliest.
    let weight: Double
    let time: FittedFamily
    let energy: FittedFamily
  }

  /// The likeliest first, at least one.
  let hypotheses: [Hypothesis]

  /// Hypotheses that are less likely than the likeliest by more, in twice the logarithm, are left out.
  private static let leastScore = 6.0

  private static let mostHypotheses = 3
  /// Sharp plateaus begin at positions that leave two clocks above and two below, soft ones two below.
  private static let margin = 2
  /// Widths of soft plateaus, of a range of 2.
  private static let widths = [0.06, 0.15]
  /// Places at which the variances are fitted again, for each kind of plateau.
  private static let candidateCount = 3

  init(_ time: FittedFamily, _ energy: FittedFamily) {
    let last = time.family.clocks.count - 1
    let none = LawFamily.Saturation(position: last, width: 0)
    let sharp = (Self.margin..<(last + 1 - Self.margin)).map { LawFamily.Saturation(position: $0, width: 0) }
    let soft = Self.widths.flatMap { width in
      (Self.margin...last).map { LawFamily.Saturation(position: $0, width: width) }
    }
    let saturations = sharp + soft
    let free = [time, energy]
    // Roughness costs most of the time, and says little of where a plateau is.
    let gains = free.map { fit in
      var variances = fit.variances
      variances.parts.removeAll { $0 == .roughness }
      let cost = fit.family.evaluate(variances).cost
      return saturations.map { saturation in
        var family = fit.family
        family.saturate(saturation)
        return cost - family.evaluate(variances).cost
      }
    }
    var fitted = [[none: time], [none: energy]]
    func gain(_ quantity: Int, _ saturation: LawFamily.Saturation) -> Double {
      if fitted[quantity][saturation] == nil {
        var family = free[quantity].family
        family.saturate(saturation)
        var fit = FittedFamily(family, free[quantity].variances)
        fit.improve(coarsest: 1)
        fitted[quantity][saturation] = fit
      }
      return free[quantity].evaluation.cost - fitted[quantity][saturation]!.evaluation.cost
    }
    func best(_ scores: [Double]) -> [LawFamily.Saturation] {
      scores.indices.smallest(Self.candidateCount) { scores[$0] > scores[$1] }.map { saturations[$0] }
    }
    var found = [(score: 0.0, time: none, energy: none)]
    // Sharp ones are as likely as soft ones beforehand, with energy as without, and so are all of a kind.
    func penalty(_ saturation: LawFamily.Saturation) -> Double {
      2 * PortableMath.log(4 * Double(saturation.width > 0 ? soft.count : sharp.count))
    }
    for both in best(gains[0].indices.map { gains[0][$0] + gains[1][$0] }) {
      found.append((gain(0, both) + gain(1, both) - penalty(both), both, both))
    }
    for alone in best(gains[0]) { found.append((gain(0, alone) - penalty(alone), alone, none)) }
    let most = found.map(\.score).max()!
    let kept = found.indices.filter { found[$0].score > most - Self.leastScore }
      .sorted { (-found[$0].score, $0) < (-found[$1].score, $1) }.prefix(Self.mostHypotheses).map { found[$0] }
    hypotheses = kept.enumerated().map { place, hypothesis in
      var fits = [fitted[0][hypothesis.time]!, fitted[1][hypothesis.energy]!]
      if place == 0 && hypothesis.time != none {
        // Tables and their shares of time as they are below the plateau.
        let families = fits.map { fit in
          var family = fit.family
          family.shares = Array(repeating: 0, count: last + 1)
          for table in family.tables.indices { family.tables[table].scale = 3 }
          return family
        }
        let again = FittedFamily.fit(time: families[0], energy: families[1])
        fits = [again.time, again.energy]
      }
      return Hypothesis(
        weight: PortableMath.exp((hypothesis.score - most) / 2), time: fits[0], energy: fits[1])
    }
  }
}
