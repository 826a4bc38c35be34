internal import Basics

/// The laws of time and energy of one family of tables, with what they leave unexplained.
struct FamilyFit: Sendable {
  let summary: ProfileEstimate.Family
  private let measured: [NoisyTable]
  let time: FittedFamily
  let energy: FittedFamily
  /// Means of the logarithms, which the laws are less by.
  let timeOffset: Double
  let energyOffset: Double
  /// Correlation of the residuals of time and energy.
  let correlation: Double
  /// Fits that are about as likely, for draws.
  let variants: [(time: FittedFamily, energy: FittedFamily)]

  /// Fits the tables with the given indices.
  ///
  /// - Returns: nil where the tables are to be taken as measured.
  init?(
    _ members: [Int], of all: [NoisyTable], progress: ProgressHandle
  ) throws(FrontierError) {
    let measured = members.map { all[$0] }
    guard let clocks = Self.clocks(measured) else { return nil }
    let quantities = [\Measurement.timeSeconds, \.energyJoules].map { quantity in
      Self.family(measured, clocks, quantity)
    }
    let counts = measured.map { $0.samples.map { Double($0.count) } }
    var left = Self.kept(
      Set(
        quantities.flatMap { quantity in
          quantity.family.suspects(beyond: ProfileEstimate.outlierDeviations).map {
            ProfileEstimate.Outlier(table: $0.table, option: $0.option)
          }
        }), counts)
    var fits: (time: FittedFamily, energy: FittedFamily)!
    for round in 1...Self.outlierRounds {
      try progress.check()
      var families = quantities.map(\.family)
      for quantity in families.indices {
        families[quantity].setCount(0, of: left.map { ($0.table, $0.option) })
      }
      fits = FittedFamily.fit(time: families[0], energy: families[1])
      let found = Self.outliers([fits.time, fits.energy], counts)
      if found == left || round == Self.outlierRounds { break }
      left = found
    }
    try progress.check()
    let plateau = Plateau(fits.time, fits.energy)
    (time, energy) = (plateau.hypotheses[0].time, plateau.hypotheses[0].energy)
    self.measured = measured
    (timeOffset, energyOffset) = (quantities[0].offset, quantities[1].offset)
    correlation = Self.correlation(time, energy)
    variants = FittedFamily.variants(plateau.hypotheses, count: Self.variantCount)
    let isCapped = energy.family.cut < clocks.count - 1
    summary = ProfileEstimate.Family(
      tables: members, timeNoiseFraction: time.noiseFraction, energyNoiseFraction: energy.noiseFraction,
      smoothsTime: time.noiseFraction >= ProfileEstimate.negligibleNoiseFraction,
      smoothsEnergy: energy.noiseFraction >= ProfileEstimate.negligibleNoiseFraction,
      plateauClock: time.family.cut < clocks.count - 1 ? clocks[time.family.cut] : nil, isPowerCapped: isCapped,
      outliers: left.map { ProfileEstimate.Outlier(table: members[$0.table], option: $0.option) }
        .sorted { ($0.table, $0.option) < ($1.table, $1.option) })
  }

  static let variantCount = 24
  /// Times that options are left out and the law is fitted again.
  private static let outlierRounds = 4

  /// All clocks of the tables, rising; nil where too few were measured, or some are no positive numbers.
  static func clocks(_ tables: [NoisyTable]) -> [Double]? {
    var (all, measured): (Set<Double>, Set<Double>) = ([], [])
    for table in tables {
      guard let clocks = table.clocks, clocks.allSatisfy({ $0 > 0 && $0.isFinite }), Set(clocks).count == clocks.count
      else { return nil }
      all.formUnion(clocks)
      measured.formUnion(zip(clocks, table.samples).filter { !$1.isEmpty }.map(\.0))
    }
    let optionCount = tables.reduce(0) { $0 + $1.samples.count { !$0.isEmpty } }
    guard measured.count >= ProfileEstimate.leastClockCount, optionCount >= ProfileEstimate.leastOptionCount else {
      return nil
    }
    return all.sorted()
  }

  private static func family(
    _ tables: [NoisyTable], _ clocks: [Double], _ quantity: KeyPath<Measurement, Double>
  ) -> (family: LawFamily, offset: Double) {
    let position = Dictionary(uniqueKeysWithValues: zip(clocks, clocks.indices))
    var logs = tables.map { table in
      zip(table.means, table.samples).map { $1.isEmpty ? nil : PortableMath.log($0[keyPath: quantity]) }
    }
    let known = logs.joined().compactMap { $0 }
    let offset = known.reduce(0, +) / Double(known.count)
    for table in logs.indices { logs[table] = logs[table].map { $0.map { $0 - offset } } }
    var (squares, freedom) = (0.0, 0)
    for table in tables {
      for (samples, mean) in zip(table.samples, table.means) where samples.count > 1 {
        for sample in samples {
          let deviation = sample[keyPath: quantity] / mean[keyPath: quantity] - 1
          squares += deviation * deviation
        }
        freedom += samples.count - 1
      }
    }
    let family = LawFamily(
      clocks: clocks,
      tables: zip(tables, logs).map { table, logs in
        LawFamily.Table(
          positions: table.clocks!.map { position[$0]! }, logs: logs.map { $0 ?? 0 },
          counts: table.samples.map { Double($0.count) })
      }, withinSquares: squares, withinFreedom: freedom)
    return (family, offset)
  }

  /// What the law leaves of each option that counts, times the root of its samples.
  private static func residuals(_ fit: FittedFamily) -> [(table: Int, option: Int, value: Double)] {
    zip(fit.family.tables, fit.laws).enumerated().flatMap { index, pair in
      let (table, law) = pair
      return table.positions.enumerated().compactMap { option, position in
        table.counts[option] == 0
          ? nil : (index, option, (table.logs[option] - law[position]) * table.counts[option].squareRoot())
      }
    }
  }

  /// Options that lie off the law in time or in energy; at most a tenth of all, the farthest first.
  private static func outliers(_ fits: [FittedFamily], _ counts: [[Double]]) -> Set<ProfileEstimate.Outlier> {
    let distances = fits.map { $0.distances(counts: counts) }
    let all = counts.indices.flatMap { table in
      counts[table].indices.map { option in
        (table: table, option: option, size: max(distances[0][table][option], distances[1][table][option]))
      }
    }
    let far = all.filter { $0.size > ProfileEstimate.outlierDeviations }
      .smallest(counts.joined().count { $0 > 0 } / 10) {
        ($1.size, $0.table, $0.option) < ($0.size, $1.table, $1.option)
      }
    return kept(Set(far.map { ProfileEstimate.Outlier(table: $0.table, option: $0.option) }), counts)
  }

  /// Outliers but those of tables that would lose more than a quarter of their options: such a table is unlike the
  /// others, and not wrong.
  private static func kept(
    _ outliers: Set<ProfileEstimate.Outlier>, _ counts: [[Double]]
  ) -> Set<ProfileEstimate.Outlier> {
    let measured = counts.map { $0.count { $0 > 0 } }
    let ofTable = Dictionary(grouping: outliers, by: \.table).mapValues(\.count)
    return outliers.filter { 4 * ofTable[$0.table]! <= measured[$0.table] }
  }

  private static func correlation(_ time: FittedFamily, _ energy: FittedFamily) -> Double {
    var (tt, te, ee) = (0.0, 0.0, 0.0)
    for (a, b) in zip(residuals(time), residuals(energy)) {
      tt += a.value * a.value
      te += a.value * b.value
      ee += b.value * b.value
    }
    return tt > 0 && ee > 0 ? max(-1, min(1, te / (tt * ee).squareRoot())) : 0
  }

  /// For each table its options, as estimated.
  func estimates() -> [[Measurement]] {
    measurements(
      times: zip(time.laws, time.family.tables).map { law, table in
        withOwnRoughness(law, table, time.variances.ratio(.own))
      },
      energies: zip(energy.laws, energy.family.tables).map { law, table in
        withOwnRoughness(law, table, energy.variances.ratio(.own))
      })
  }

  /// The law at a table's options, and the part of what it leaves that repeated samples show to be no noise.
  private func withOwnRoughness(_ law: [Double], _ table: LawFamily.Table, _ own: Double) -> [Double] {
    table.positions.enumerated().map { option, position in
      let known = own * table.counts[option]
      return law[position] + known / (1 + known) * (table.logs[option] - law[position])
    }
  }

  /// Measurements from logarithms, with what is not smoothed as measured.
  func measurements(times: [[Double]], energies: [[Double]]) -> [[Measurement]] {
    let (timeShift, energyShift) = (
      timeOffset + time.evaluation.noiseVariance / 2, energyOffset + energy.evaluation.noiseVariance / 2
    )
    return measured.indices.map { table in
      measured[table].means.enumerated().map { option, mean in
        let isMeasured = !measured[table].samples[option].isEmpty
        return Measurement(
          timeSeconds: summary.smoothsTime || !isMeasured
            ? PortableMath.exp(times[table][option] + timeShift) : mean.timeSeconds,
          energyJoules: summary.smoothsEnergy || !isMeasured
            ? PortableMath.exp(energies[table][option] + energyShift) : mean.energyJoules)
      }
    }
  }
}
