public import Basics

/// One table of a noisy profile: what was measured of one instruction of one stage.
public struct NoisyTable: Sendable {
  /// Tables with the same number follow one law.
  public let family: Int
  /// The clock of each option; nil where settings are no numbers.
  public let clocks: [Double]?
  /// For each option the samples that were kept. None where it was not measured: it takes the value of the law.
  public let samples: [[Measurement]]
  /// For each option the mean of its samples: what counts as measured. Of no meaning where there are none.
  public let means: [Measurement]

  /// - Parameter means: those of `samples` where nil.
  public init(family: Int, clocks: [Double]?, samples: [[Measurement]], means: [Measurement]? = nil) {
    precondition(clocks == nil || clocks!.count == samples.count)
    self.family = family
    self.clocks = clocks
    self.samples = samples
    self.means = means ?? samples.map(Self.mean)
  }

  /// Stands for the mean of an option without samples.
  public static let unmeasured = Measurement(timeSeconds: 0, energyJoules: 0)

  private static func mean(_ samples: [Measurement]) -> Measurement {
    if samples.count <= 1 { return samples.first ?? unmeasured }
    return Measurement(
      timeSeconds: samples.reduce(0) { $0 + $1.timeSeconds } / Double(samples.count),
      energyJoules: samples.reduce(0) { $0 + $1.energyJoules } / Double(samples.count))
  }
}

/// What a noisy profile says of the true times and energies.
///
/// A plan picks, for each instruction, the option that looks best, and among forty noisy options the best-looking is
/// mostly a lucky one: the plan then is slower and costlier than it says (the winner's curse), and worse than need be.
/// Estimates that are shrunk to what is plausible have neither fault (Efron 2011, 10.1198/jasa.2011.tm11181).
///
/// **Model.** Tables of one instruction kind form a *family*: the same computation, on devices of the same make, in
/// stages that may be unlike. Logarithms of times and of energies follow a law over the logarithm of the clock that is
/// common to the family, smooth but for a little roughness; each table has a level and a shape of its own, near the
/// common one; each sample has noise. ``LawFamily`` states it. Tables may be alike, in time and energy together, and
/// how many are is learned (``TableLikeness``). From a *plateau* on nothing changes with the clock: time alone (what
/// bounds it is memory), or time and energy (a power cap), sharply or softly. Which of these holds is decided by
/// likelihood, with a cost of two times the log of the number of plateaus that are considered.
///
/// **Estimation.** Empirical Bayes: the variances maximise the restricted likelihood (Patterson and Thompson 1971,
/// 10.1093/biomet/58.3.545), the laws are the best linear unbiased prediction (Henderson 1975, 10.2307/2529430).
/// Repeated samples add their squares within options, and then tell a table's own roughness from noise. Options farther
/// than ``outlierDeviations`` robust deviations from the law are left out, and take the law's value. Since a mean of
/// noisy samples is unbiased and its logarithm is not, half of the variance is added back.
///
/// **Exactness.** Where the noise found is below ``negligibleNoiseFraction``, times or energies are returned as
/// measured, bit by bit, and so are tables whose settings are no positive numbers, and families of fewer than
/// ``leastClockCount`` clocks or ``leastOptionCount`` options.
///
/// **Prediction.** Options without samples take the value of the law; tables need a law for that
/// (``hasLaw(_:)``).
///
/// The result does not depend on the order of tables or options, beyond rounding, nor on units of clock, time or
/// energy. Cost: some hundreds of evaluations of each family (``LawFamily/evaluate(_:)``).
public struct ProfileEstimate: Sendable {
  /// What was found of one family.
  public struct Family: Sendable, Equatable {
    /// Indices of its tables.
    public let tables: [Int]
    /// Standard deviation of one sample's time, and of its energy, as fractions.
    public let timeNoiseFraction: Double
    public let energyNoiseFraction: Double
    /// Whether times, and energies, are estimates; otherwise as measured.
    public let smoothsTime: Bool
    public let smoothsEnergy: Bool
    /// From this clock on time does not change; nil where it does up to the highest.
    public let plateauClock: Double?
    /// Whether energy does not change from there on either: the highest clocks are one setting in truth.
    public let isPowerCapped: Bool
    /// Options that lie off the law: table and option.
    public let outliers: [Outlier]
  }

  public struct Outlier: Sendable, Hashable {
    public let table: Int
    public let option: Int
  }

  /// Noise below this fraction is not worth smoothing: clocks and counters have steps.
  public static let negligibleNoiseFraction = 5e-4
  /// A family with fewer different clocks is returned as measured.
  public static let leastClockCount = 5
  /// A family with fewer options in all is returned as measured.
  public static let leastOptionCount = 8
  /// Robust standard deviations from the law beyond which an option is left out.
  public static let outlierDeviations = 5.5

  /// For each table its options' estimated times and energies.
  public let tables: [[Measurement]]
  /// Those that were estimated, in the order of their numbers.
  public let families: [Family]
  let measured: [NoisyTable]
  let fits: [FamilyFit]

  /// Whether tables of one family follow a law: their settings are clocks, and enough options were measured.
  public static func hasLaw(_ tables: [NoisyTable]) -> Bool { FamilyFit.clocks(tables) != nil }

  /// Estimates a profile.
  ///
  /// - Parameter measured: options without samples only in families with a law.
  /// - Throws: ``FrontierError/cancelled``.
  public init(_ measured: [NoisyTable], progress: ProgressHandle = ProgressHandle()) throws(FrontierError) {
    self.measured = measured
    var tables = measured.map(\.means)
    var fits: [FamilyFit] = []
    let numbers = Set(measured.map(\.family)).sorted()
    for (done, number) in numbers.enumerated() {
      try progress.check()
      let members = measured.indices.filter { measured[$0].family == number }
      if let fit = try FamilyFit(members, of: measured, progress: progress) {
        for (member, estimate) in zip(members, fit.estimates()) { tables[member] = estimate }
        fits.append(fit)
      }
      progress.report(Double(done + 1) / Double(numbers.count))
    }
    self.tables = tables
    self.fits = fits
    families = fits.map(\.summary)
  }
}
