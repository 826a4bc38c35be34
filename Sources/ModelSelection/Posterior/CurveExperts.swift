internal import Basics

/// All ways in which curves of a pool may go on, as experts that compete; see ``CurveMixture``.
///
/// Every combination of six traits is an expert. The traits are kept as columns, because the fit visits all experts
/// for one curve after the other.
struct CurveExperts: Sendable {
  /// Traits by their place in ``Traits``.
  enum Trait: Int, CaseIterable { case persistence, scale, growth, divergence, lastFactor, firstFactor }

  let persistence: [Double]
  let scale: [Double]
  let growth: [Double]
  let divergence: [Double]
  let lastFactor: [Double]
  let firstFactor: [Double]
  let logScale: [Double]
  let logGrowth: [Double]
  let logFirstFactor: [Double]
  /// For each expert the place of its value of each trait, by the trait's place.
  let places: [[Int]]

  var count: Int { scale.count }

  static let all = CurveExperts()

  /// The values of each trait.
  static let values: [[Double]] = [
    [-0.2, 0.2, 0.55, 0.85],
    (0..<8).map { 0.004 * PortableMath.exp(Double($0) * 4.8283137373023015 / 7) },
    [0.75, 1, 1.3],
    [0, 0.12, 0.35],
    [1, 3],
    [1, 2.5, 6],
  ]

  private init() {
    var places: [[Int]] = [[]]
    for trait in Self.values { places = places.flatMap { head in trait.indices.map { head + [$0] } } }
    func column(_ trait: Trait) -> [Double] { places.map { Self.values[trait.rawValue][$0[trait.rawValue]] } }
    self.places = places
    persistence = column(.persistence)
    scale = column(.scale)
    growth = column(.growth)
    divergence = column(.divergence)
    lastFactor = column(.lastFactor)
    firstFactor = column(.firstFactor)
    logScale = scale.map(PortableMath.log)
    logGrowth = growth.map(PortableMath.log)
    logFirstFactor = firstFactor.map(PortableMath.log)
  }
}

/// What is believed of the experts before a pool was seen: traits are independent, each with a probability for each of
/// its values. `Tests/Benchmarks/learn_prior.py` learns these from recorded pools, and leaves pools out where asked.
public struct CurvePrior: Equatable, Sendable {
  /// For each trait of ``CurveExperts`` the probabilities of its values.
  let probabilities: [[Double]]

  /// - Parameter probabilities: nil from this when the counts are not those of the traits, or one is not above 0.
  public init?(probabilities: [[Double]]) {
    guard probabilities.map(\.count) == CurveExperts.values.map(\.count),
      probabilities.allSatisfy({ $0.allSatisfy { $0 > 0 && $0.isFinite } })
    else { return nil }
    self.init(checked: probabilities)
  }

  private init(checked: [[Double]]) {
    probabilities = checked.map { trait in
      let sum = trait.reduce(0, +)
      return trait.map { $0 / sum }
    }
  }

  /// The logarithms of the experts' weights, with what the end of a schedule is known to do.
  func logWeights(_ schedule: ScheduleEnd) -> [Double] {
    var probabilities = probabilities
    let last = CurveExperts.Trait.lastFactor.rawValue
    probabilities[last] = schedule.lastProbabilities(probabilities[last])
    let logs = probabilities.map { $0.map(PortableMath.log) }
    return CurveExperts.all.places.map { places in zip(logs, places).reduce(0) { $0 + $1.0[$1.1] } }
  }
}

extension CurvePrior {
  /// Learned from all recorded pools at hand: `Tests/Benchmarks/learn_prior.py`. By trait, in the order of its values.
  public static let learned = CurvePrior(checked: [
    [0.1316, 0.1747, 0.2658, 0.4278],
    [0.0644, 0.2316, 0.1216, 0.1374, 0.1653, 0.1383, 0.0787, 0.0627],
    [0.2295, 0.5039, 0.2667],
    [0.5309, 0.2138, 0.2553],
    [0.6667, 0.3333],
    [0.3967, 0.4205, 0.1828],
  ])
}
