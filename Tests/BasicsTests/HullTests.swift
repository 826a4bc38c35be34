import Basics
import Testing

@Suite struct HullTests {
  /// By definition: a point is on the hull when it lies strictly below every chord around it.
  @Test(arguments: 0..<200 as Range<UInt64>) func lowerHullEqualsItsDefinition(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let count = 1 + random.index(below: 12)
    let y = (0..<count).map { _ in random.index(below: 20) }
    func isBelowChord(_ a: Int, _ b: Int, _ c: Int) -> Bool { (y[b] - y[a]) * (c - a) < (y[c] - y[a]) * (b - a) }
    let expected = (0..<count).filter { middle in
      (0..<middle).allSatisfy { left in
        (middle + 1..<max(count, middle + 1)).allSatisfy { isBelowChord(left, middle, $0) }
      }
    }
    #expect(lowerHull(count: count, isBelowChord: isBelowChord) == expected, "seed \(seed)")
    #expect(lowerHull(x: (0..<count).map(Double.init), y: y.map(Double.init)) == expected, "seed \(seed)")
  }

  @Test(arguments: 0..<200 as Range<UInt64>) func paretoFrontEqualsItsDefinition(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let points = (0..<random.index(below: 30)).map { ($0, random.index(below: 10), random.index(below: 10)) }
    let expected = points.filter { point in
      !points.contains { other in
        other.1 <= point.1 && other.2 <= point.2
          && ((other.1, other.2) != (point.1, point.2) || other.0 < point.0)
      }
    }
    let front = points.paretoFront { ($0.1, $0.2) }
    #expect(front.map(\.0) == expected.sorted { $0.1 < $1.1 }.map(\.0), "seed \(seed)")
  }
}
