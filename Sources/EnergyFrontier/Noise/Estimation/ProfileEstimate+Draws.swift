public import Basics

extension ProfileEstimate {
  /// Draws what the true tables may be, given what was measured: the posterior, for all tables together, with what is
  /// likely of plateaus and variances. Where a table is not smoothed, the mean of a bootstrap resample of each option's
  /// samples stands for it.
  public func draw(_ random: inout SplitMix64) -> [[Measurement]] {
    let smoothed = Set(fits.flatMap(\.summary.tables))
    var tables = measured.indices.map { table in
      smoothed.contains(table) ? [] : Self.resampled(measured[table], &random)
    }
    for fit in fits {
      for (table, drawn) in zip(fit.summary.tables, fit.draw(&random)) { tables[table] = drawn }
    }
    return tables
  }

  private static func resampled(_ table: NoisyTable, _ random: inout SplitMix64) -> [Measurement] {
    table.samples.indices.map { option in
      let samples = table.samples[option]
      if samples.count == 1 { return table.means[option] }
      var (seconds, joules) = (0.0, 0.0)
      for _ in samples.indices {
        let sample = samples[random.index(below: samples.count)]
        seconds += sample.timeSeconds
        joules += sample.energyJoules
      }
      return Measurement(
        timeSeconds: seconds / Double(samples.count), energyJoules: joules / Double(samples.count))
    }
  }
}

extension FamilyFit {
  /// One draw of the posterior of the family's tables.
  func draw(_ random: inout SplitMix64) -> [[Measurement]] {
    let (time, energy) = variants[random.index(below: variants.count)]
    let normals = NormalPairs(correlation: correlation)
    // Where the two have equally many coefficients, those of one kind vary together as the residuals do.
    let isAlike = time.evaluation.common.count == energy.evaluation.common.count
    let count = max(time.evaluation.common.count, energy.evaluation.common.count)
    var common: [[Double]] = [[], []]
    for _ in 0..<count {
      let pair = isAlike ? normals.pair(&random) : normals.independentPair(&random)
      common[0].append(pair.0)
      common[1].append(pair.1)
    }
    let commonLaws = [time, energy].enumerated().map { $1.drawnCommonLaw(common[$0]) }
    var times: [[Double]] = []
    var energies: [[Double]] = []
    for table in time.family.tables.indices {
      let own = (0..<LawFamily.ownCount).map { _ in normals.pair(&random) }
      let single = time.family.tables[table].positions.map { _ in normals.pair(&random) }
      times.append(time.drawn(table, commonLaws[0], own.map(\.0), single.map(\.0)))
      energies.append(energy.drawn(table, commonLaws[1], own.map(\.1), single.map(\.1)))
    }
    return measurements(times: times, energies: energies)
  }
}

extension FittedFamily {
  fileprivate func drawnCommonLaw(_ normals: [Double]) -> [Double] {
    var noise = normals.prefix(evaluation.common.count).map { $0 * noiseFraction }
    evaluation.commonFactor.solveUpper(&noise)
    return family.commonLaw(zip(evaluation.common, noise).map { $0 + $1 })
  }

  /// A table's options, given a drawn common law.
  fileprivate func drawn(_ index: Int, _ common: [Double], _ own: [Double], _ single: [Double]) -> [Double] {
    let table = family.tables[index]
    let ratio = variances.ratio(.own)
    let part = family.ownPart(
      table, evaluation.ownFactors[index], law: common, own: ratio, noise: own.map { $0 * noiseFraction })
    return table.positions.enumerated().map { option, position in
      let law = common[position] + part[position]
      let known = ratio * table.counts[option]
      let deviation = (ratio / (1 + known)).squareRoot() * noiseFraction
      return law + known / (1 + known) * (table.logs[option] - law) + deviation * single[option]
    }
  }
}
