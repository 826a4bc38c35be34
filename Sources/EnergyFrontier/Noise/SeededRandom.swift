/// A stream of random numbers that is a function of its seed: SplitMix64 (Steele, Lea, Flood 2014,
/// 10.1145/2660193.2660195), whose state is a counter, so that streams of different seeds can be begun anywhere.
struct SeededRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// The stream numbered `index` among those of `seed`.
  init(seed: UInt64, index: Int) {
    var first = SeededRandom(seed: seed)
    state = first.next() &+ UInt64(index) &* 0xD1B5_4A32_D192_ED03
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A number in 0..<count; its bias, below count / 2^64, shows in no test.
  mutating func index(below count: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(count)).high) }
}
