internal import Basics

/// Logarithms of times, or of energies, of tables that follow one law over their clocks; see ``ProfileEstimate``.
///
/// With `x` the logarithm of the clock, scaled to -1...1 over all clocks of the family, a table `k` is read as
///
///     y_k(x) = c(x) + d_k(x) + noise / sqrt(samples)
///     c(x)   = sum over j of alpha_j L_j(x) + u(x)        the common law
///     d_k(x) = sum over j of beta_kj L_j(x) + gamma_k v(x)   what is the table's own
///
/// with Legendre polynomials `L_0 ... L_8`. `alpha_0` and `alpha_1` are free; all else is normal with mean 0: `alpha_j`
/// with variance `common * decay^j`, `beta_k0` with `level`, `beta_kj` with `deviation * decay^j`, `gamma_k` with
/// `share`, and `u`, independent at each clock, with `roughness`, each times the noise variance. A table's own part is
/// further scaled by one of ``scales``, so that tables may be alike although others are not. `v(x) = 1 / exp(c(x))` is
/// the direction in which a table moves when more of its time does not depend on the clock.
///
/// From position ``cut`` of the clocks on nothing changes: `x` stays what it is there. With a soft ``saturation`` at
/// `s` of width `w`, `x` is replaced by `-w log(exp(-x / w) + exp(-s / w))`.
struct LawFamily: Sendable {
  static let degree = 8
  /// Columns of a table's own part.
  static let ownCount = degree + 2
  /// What stands for no variance at all, over that of the noise.
  static let leastOwnRatio = 1e-9
  /// Factors for the variances of a table's own part; the first stands for none (``TableLikeness``).
  static let scales = [1e-12, 0.005, 0.135, 1, 7.4]

  struct Table: Sendable {
    /// Position of each option's clock in the family's clocks.
    let positions: [Int]
    /// Logarithm of each option's mean, less the mean of all of the family; 0 for options without samples.
    let logs: [Double]
    /// Samples behind each; 0 leaves the option out.
    fileprivate(set) var counts: [Double]
    /// Index into ``LawFamily/scales``.
    var scale = 3
  }

  /// Rising.
  let clocks: [Double]
  var tables: [Table]
  /// For each table the first that has the same clocks and counts.
  private(set) var designs: [Int]
  /// For each clock `L_0 ... L_8`.
  private(set) var polynomials: [[Double]]
  /// `v` at each clock; all 0 where there is none.
  var shares: [Double]
  private(set) var saturation: Saturation
  /// The position from which on nothing changes; the last where the law does not end in a sharp plateau.
  private(set) var cut: Int
  /// Sum of squared deviations of samples from their options' means, and its degrees of freedom.
  let withinSquares: Double
  let withinFreedom: Int

  init(clocks: [Double], tables: [Table], withinSquares: Double, withinFreedom: Int) {
    self.clocks = clocks
    self.tables = tables
    designs = Self.designs(tables)
    self.withinSquares = withinSquares
    self.withinFreedom = withinFreedom
    cut = clocks.count - 1
    saturation = Saturation(position: clocks.count - 1, width: 0)
    shares = Array(repeating: 0, count: clocks.count)
    polynomials = Self.polynomials(clocks, saturation)
  }

  /// Where the law ends in a plateau: sharply, or softly, over some clocks.
  struct Saturation: Hashable, Sendable {
    /// Position of the clock at which the plateau begins, or the middle of a soft beginning.
    let position: Int
    /// How wide a soft beginning is, of a range of 2; 0 where it is sharp.
    let width: Double
  }

  private static func polynomials(_ clocks: [Double], _ saturation: Saturation) -> [[Double]] {
    let logs = clocks.map(PortableMath.log)
    let scaled = logs.map { 2 * ($0 - logs[0]) / (logs[logs.count - 1] - logs[0]) - 1 }
    let limit = scaled[saturation.position]
    return scaled.map { x in
      var x = x
      if saturation.width > 0 {
        let past = PortableMath.exp(-abs(x - limit) / saturation.width)
        x = min(x, limit) - saturation.width * PortableMath.log(1 + past)
      }
      var values = [1, x]
      for n in 1..<degree {
        values.append((Double(2 * n + 1) * x * values[n] - Double(n) * values[n - 1]) / Double(n + 1))
      }
      return values
    }
  }

  /// Gives options other counts; 0 leaves one out.
  mutating func setCount(_ count: Double, of options: some Sequence<(table: Int, option: Int)>) {
    for (table, option) in options { tables[table].counts[option] = count }
    designs = Self.designs(tables)
  }

  private static func designs(_ tables: [Table]) -> [Int] {
    tables.map { table in
      tables.firstIndex { $0.positions == table.positions && $0.counts == table.counts }!
    }
  }

  /// Lets the law end in a plateau.
  mutating func saturate(_ saturation: Saturation) {
    self.saturation = saturation
    polynomials = Self.polynomials(clocks, saturation)
    cut = saturation.width > 0 ? clocks.count - 1 : saturation.position
  }

  /// The columns of a table's own part at a clock.
  func ownRow(_ position: Int) -> [Double] {
    let position = min(position, cut)
    return polynomials[position] + [shares[position]]
  }

  /// Prior variances of a table's own columns, over the noise variance, before the table's scale.
  func ownVariances(_ variances: LawVariances) -> [Double] {
    var power = 1.0
    var all = [variances.ratio(.level)]
    for _ in 1...Self.degree {
      power *= variances[.decay]
      all.append(variances.ratio(.deviation) * power)
    }
    // A column of zeros needs some variance; which does not matter.
    all.append(variances.parts.contains(.share) ? variances.ratio(.share) : 1)
    return all.map { max($0, Self.leastOwnRatio) }
  }

  /// Precisions of the common law's columns, times the noise variance: polynomials, then single clocks.
  func commonPrecisions(_ variances: LawVariances) -> [Double] {
    var power = variances[.decay]
    var all = [0.0, 0]
    for _ in 2...Self.degree {
      power *= variances[.decay]
      all.append(1 / (variances.ratio(.common) * power))
    }
    if variances.parts.contains(.roughness) {
      all += Array(repeating: 1 / variances.ratio(.roughness), count: cut + 1)
    }
    return all
  }

  /// The common law's value at each clock.
  func commonLaw(_ coefficients: [Double]) -> [Double] {
    clocks.indices.map { clock in
      let position = min(clock, cut)
      var sum = 0.0
      for (value, coefficient) in zip(polynomials[position], coefficients) { sum += value * coefficient }
      return coefficients.count > Self.degree + 1 ? sum + coefficients[Self.degree + 1 + position] : sum
    }
  }
}
