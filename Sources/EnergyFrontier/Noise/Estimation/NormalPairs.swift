internal import Basics

/// Pairs of standard normal numbers with a given correlation, by Marsaglia's polar method (1964, 10.1137/1006063).
struct NormalPairs: Sendable {
  let correlation: Double

  func independentPair(_ random: inout SplitMix64) -> (Double, Double) {
    while true {
      let (x, y) = (2 * random.unitFraction() - 1, 2 * random.unitFraction() - 1)
      let square = x * x + y * y
      if square > 0, square < 1 {
        let factor = (-2 * PortableMath.log(square) / square).squareRoot()
        return (x * factor, y * factor)
      }
    }
  }

  func pair(_ random: inout SplitMix64) -> (Double, Double) {
    let (x, y) = independentPair(&random)
    return (x, correlation * x + (1 - correlation * correlation).squareRoot() * y)
  }
}
