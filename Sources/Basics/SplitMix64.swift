/// A random number generator whose stream is a function of its seed on every machine: SplitMix64 (Steele, Lea and Flood
/// 2014, 10.1145/2660193.2660195). Its state is a counter, so streams of different seeds may begin anywhere.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  /// The stream numbered `index` among those that belong to `seed`.
  public init(seed: UInt64, index: Int) {
    var first = SplitMix64(seed: seed)
    state = first.next() &+ UInt64(index) &* 0xD1B5_4A32_D192_ED03
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A number in `0..<count`, with a bias below `count / 2^64`.
  public mutating func index(below count: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(count)).high) }

  /// A multiple of 2^-53 in `0..<1`.
  public mutating func unitFraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
