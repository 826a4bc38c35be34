internal import Basics

extension LawFamily {
  /// Options, as table and option, that lie far from their neighbours, judged without a law: each logarithm less the
  /// median over tables at its clock is compared with the median of those at up to three clocks on either side.
  ///
  /// Gross errors bend the law of the one table they are in, which then hides them and accuses their neighbours. So the
  /// first law is fitted without suspects, and judges them afterwards.
  func suspects(beyond deviations: Double) -> [(table: Int, option: Int)] {
    var atClock: [[Double]] = Array(repeating: [], count: clocks.count)
    let measured = tables.map { table in table.positions.indices.filter { table.counts[$0] > 0 } }
    let levels = zip(tables, measured).map { table, options in
      options.isEmpty ? 0 : SampleCombination.median(options.map { table.logs[$0] })
    }
    for (index, table) in tables.enumerated() {
      for option in measured[index] { atClock[table.positions[option]].append(table.logs[option] - levels[index]) }
    }
    let common = atClock.map { $0.isEmpty ? 0 : SampleCombination.median($0) }
    var distances: [(table: Int, option: Int, value: Double)] = []
    for (index, table) in tables.enumerated() {
      let order = measured[index].sorted { table.positions[$0] < table.positions[$1] }
      let rest = order.map { table.logs[$0] - common[table.positions[$0]] }
      for (place, option) in order.enumerated() {
        let near = (max(0, place - 3)..<min(order.count, place + 4)).filter { $0 != place }.map { rest[$0] }
        if near.count >= 3 { distances.append((index, option, abs(rest[place] - SampleCombination.median(near)))) }
      }
    }
    if distances.isEmpty { return [] }
    let limit = deviations * Self.spread(distances.map(\.value))
    return distances.filter { $0.value > limit }.map { ($0.table, $0.option) }
  }

  /// A robust standard deviation of what is mostly normal, at least ``SampleCombination/leastSpreadFraction``.
  static func spread(_ distances: [Double]) -> Double {
    max(
      SampleCombination.leastSpreadFraction, SampleCombination.normalConsistency * SampleCombination.median(distances))
  }
}

extension FittedFamily {
  /// How far each option lies from its table's law, in robust standard deviations of one sample; `counts` are those of
  /// all options, also of those that the fit leaves out.
  func distances(counts: [[Double]]) -> [[Double]] {
    let residuals = zip(family.tables, laws).enumerated().map { index, pair in
      let (table, law) = pair
      return table.positions.enumerated().map { option, position in
        abs(table.logs[option] - law[position]) * counts[index][option].squareRoot()
      }
    }
    let kept = zip(residuals, family.tables).flatMap { values, table in
      zip(values, table.counts).filter { $0.1 > 0 }.map(\.0)
    }
    let spread = LawFamily.spread(kept)
    return residuals.map { $0.map { $0 / spread } }
  }
}
