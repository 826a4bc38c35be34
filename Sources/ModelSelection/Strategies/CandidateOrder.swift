internal import Basics

/// Random orders of candidates, a function of the seed.
struct CandidateOrder {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  /// A number to order a candidate by; it does not depend on the other candidates.
  static func rank(_ candidate: Int, _ seed: UInt64) -> UInt64 {
    var generator = SplitMix64(seed: seed ^ (UInt64(bitPattern: Int64(candidate)) &* 0xD134_2543_DE82_EF95))
    return generator.next()
  }

  /// `0..<count` in a random order (Fisher and Yates).
  mutating func order(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(generator.next() % UInt64(last + 1)))
    }
    return order
  }
}
