/// Elementary functions whose results are the same on every machine. The C library's differ in the last digit between
/// machines and versions, and the same inputs must give the same decisions everywhere. Relative errors are below 1e-14.
public enum PortableMath {
  /// The natural logarithm; `x` is positive and finite.
  ///
  /// x = m 2^e with m in sqrt(1/2)...sqrt(2), and log m = 2 artanh((m - 1) / (m + 1)), whose series converges fast
  /// there.
  public static func log(_ x: Double) -> Double {
    var (mantissa, exponent) = (x.significand, Int(x.exponent))
    if mantissa > 1.4142135623730951 { (mantissa, exponent) = (mantissa / 2, exponent + 1) }
    let z = (mantissa - 1) / (mantissa + 1)
    let square = z * z
    var (term, sum) = (z, 0.0)
    for odd in stride(from: 1.0, through: 31, by: 2) {
      sum += term / odd
      term *= square
    }
    return 2 * sum + Double(exponent) * 0.6931471805599453
  }

  /// e to the x; 0 below -700 and infinite above 700, which no error comes near.
  public static func exp(_ x: Double) -> Double {
    guard x > -700 else { return 0 }
    guard x < 700 else { return .infinity }
    let power = (x / 0.6931471805599453).rounded()
    let rest = x - power * 0.6931471805599453
    var (term, sum) = (1.0, 1.0)
    for n in stride(from: 1.0, through: 16, by: 1) {
      term *= rest / n
      sum += term
    }
    return sum * Double(sign: .plus, exponent: Int(power), significand: 1)
  }

  /// The density of the standard normal distribution.
  public static func normalDensity(_ x: Double) -> Double { 0.3989422804014327 * exp(-x * x / 2) }

  /// The number below which a standard normal variable lies with this probability, by bisection.
  public static func normalQuantile(_ probability: Double) -> Double {
    var (low, high) = (-8.0, 8.0)
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if normalProbability(below: middle) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The probability that a standard normal variable is below x.
  ///
  /// A series in the middle, a continued fraction in the tails (Abramowitz and Stegun 26.2.11 and 26.2.14).
  public static func normalProbability(below x: Double) -> Double {
    let size = abs(x)
    guard size < 38 else { return x < 0 ? 0 : 1 }
    if size < 3 {
      var (term, sum) = (x, x)
      for odd in stride(from: 3.0, through: 81, by: 2) {
        term *= x * x / odd
        sum += term
        if abs(term) < 1e-17 * abs(sum) { break }
      }
      return 0.5 + normalDensity(x) * sum
    }
    var tail = 0.0
    // The further out, the fewer steps.
    for n in stride(from: size < 5 ? 60.0 : 24, through: 1, by: -1) { tail = n / (size + tail) }
    let upper = normalDensity(size) / (size + tail)
    return x < 0 ? upper : 1 - upper
  }
}
