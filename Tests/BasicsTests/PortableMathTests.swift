import Basics
import Testing

@Suite struct PortableMathTests {
  @Test func elementaryFunctionsAreAccurate() {
    // To fifteen digits, from tables.
    for (x, log) in [
      (2.0, 0.693147180559945), (10, 2.30258509299405), (1e-300, -690.775527898214), (0.5, -0.693147180559945),
    ] {
      #expect(abs(PortableMath.log(x) - log) <= 1e-14 * max(1, abs(log)))
      #expect(abs(PortableMath.exp(log) / x - 1) <= 1e-12)
    }
    for (x, below) in [
      (0.0, 0.5), (1, 0.841344746068543), (-1, 0.158655253931457), (-3, 0.00134989803163009),
      (3.5, 0.999767370920964), (-6, 9.86587645037698e-10), (-10, 7.61985302416053e-24),
    ] {
      #expect(abs(PortableMath.normalProbability(below: x) / below - 1) <= 1e-12)
    }
  }
}
