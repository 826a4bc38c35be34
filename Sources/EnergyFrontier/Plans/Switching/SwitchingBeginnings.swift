/// Beginnings of plans that all go up to the same place, as in ``Beginnings``, and where each rank's setting stands.
///
/// Twins have the same ends, the same settings now and the same first settings.
struct SwitchingBeginnings {
  private(set) var count = 0
  let slotCount: Int
  let rankCount: Int
  /// `slotCount` ends in ticks for each beginning.
  let ends: UnsafeMutableBufferPointer<Int64>
  /// For each beginning and rank the option it ran last and the setting it began with; -1 before its first.
  let lasts: UnsafeMutableBufferPointer<Int32>
  let firsts: UnsafeMutableBufferPointer<Int32>
  /// Joules that each beginning has lost, with what it will lose at least.
  let losses: UnsafeMutableBufferPointer<Double>
  let hashes: UnsafeMutableBufferPointer<UInt64>

  init(width: Int, slotCount: Int, rankCount: Int) {
    (self.slotCount, self.rankCount) = (slotCount, rankCount)
    ends = .allocate(capacity: width * slotCount)
    ends.initialize(repeating: 0)
    (lasts, firsts) = (.allocate(capacity: width * rankCount), .allocate(capacity: width * rankCount))
    for buffer in [lasts, firsts] { buffer.initialize(repeating: -1) }
    losses = .allocate(capacity: width)
    losses.initialize(repeating: 0)
    hashes = .allocate(capacity: width)
    hashes.initialize(repeating: 0)
  }

  func deallocate() {
    ends.deallocate()
    for buffer in [lasts, firsts] { buffer.deallocate() }
    losses.deallocate()
    hashes.deallocate()
  }

  /// Becomes the one beginning that has nothing in it.
  mutating func restart() {
    count = 1
    losses[0] = 0
    hashes[0] = 0
    for slot in 0..<slotCount { ends[slot] = 0 }
    for rank in 0..<rankCount { (lasts[rank], firsts[rank]) = (-1, -1) }
  }

  mutating func removeAll() { count = 0 }

  /// One step of a rank.
  struct Step {
    let rank: Int
    let slot: Int
    let end: Int64
    let option: Int32
    /// The rank's first setting.
    let first: Int32
    /// Of all that tells beginnings apart, the step included.
    let hash: UInt64
    let loss: Double
  }

  /// Adds a beginning that continues `parent`; its number, which may be that of a twin, or nil when a twin is as good.
  mutating func add(from parents: SwitchingBeginnings, parent: Int, _ step: Step) -> Int? {
    var twin = 0
    while twin < count && hashes[twin] != step.hash { twin += 1 }
    if twin < count && losses[twin] <= step.loss { return nil }
    if twin == count { count += 1 }
    losses[twin] = step.loss
    hashes[twin] = step.hash
    for slot in 0..<slotCount { ends[twin * slotCount + slot] = parents.ends[parent * slotCount + slot] }
    for rank in 0..<rankCount {
      lasts[twin * rankCount + rank] = parents.lasts[parent * rankCount + rank]
      firsts[twin * rankCount + rank] = parents.firsts[parent * rankCount + rank]
    }
    ends[twin * slotCount + step.slot] = step.end
    lasts[twin * rankCount + step.rank] = step.option
    firsts[twin * rankCount + step.rank] = step.first
    return twin
  }

  /// The hash of one value at one place of a beginning.
  @inline(__always)
  static func mix(_ value: Int64, at place: Int) -> UInt64 {
    var bits = (UInt64(bitPattern: value) ^ (UInt64(place) << 48)) &* 0x9E37_79B9_7F4A_7C15
    bits ^= bits >> 29
    bits = bits &* 0xBF58_476D_1CE4_E5B9
    return bits ^ (bits >> 32)
  }
}
