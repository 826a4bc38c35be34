/// Partial plans that all cover the same positions of a ``PlanSpace``, as a beam search keeps them.
///
/// A state holds what the rest of the plan depends on: the ends of the positions that still have successors to come,
/// one for each of the ``FrontierSlots``, and the loss so far. Where changes of setting cost something, it also holds
/// for each rank the option that ran last and the setting of its first instruction; otherwise the rank part is empty
/// and costs nothing.
///
/// Two states that agree in all of this but the loss are duplicates: every continuation of one is a continuation of the
/// other, so only the cheaper one is kept. Duplicates are recognised by a 64-bit hash; a collision would lose a state
/// and nothing else.
struct BeamStates {
  private(set) var count = 0
  let slotCount: Int
  /// Ranks whose settings are tracked; 0 where changes of setting cost nothing.
  let rankCount: Int
  /// `slotCount` ends in ticks for each state.
  let ends: UnsafeMutableBufferPointer<Int64>
  /// For each state and rank the option that ran last; -1 before the first.
  let lastOptions: UnsafeMutableBufferPointer<Int32>
  /// For each state and rank the setting of its first instruction; -1 before the first.
  let firstSettings: UnsafeMutableBufferPointer<Int32>
  /// For each state and rank its changes of setting so far; 0 without a restriction.
  let changeCounts: UnsafeMutableBufferPointer<Int32>
  /// Joules that each state has lost, including what the search charges in advance.
  let losses: UnsafeMutableBufferPointer<Double>
  /// Exclusive or of the hashes of everything that distinguishes a state.
  private let hashes: UnsafeMutableBufferPointer<UInt64>

  /// One instruction added to a state.
  struct Addition {
    /// Where its end is stored, and the end in ticks.
    var slot: Int
    var end: Int64
    var loss: Double
    /// Hash of the new state, this instruction included.
    var hash: UInt64
    /// The rank part; unused where `rankCount` is 0.
    var rank = 0
    var option: Int32 = -1
    var firstSetting: Int32 = -1
    var changeCount: Int32 = 0
  }

  init(width: Int, slotCount: Int, rankCount: Int = 0) {
    (self.slotCount, self.rankCount) = (slotCount, rankCount)
    ends = .allocate(capacity: width * slotCount)
    ends.initialize(repeating: 0)
    (lastOptions, firstSettings) = (.allocate(capacity: width * rankCount), .allocate(capacity: width * rankCount))
    for buffer in [lastOptions, firstSettings] { buffer.initialize(repeating: -1) }
    changeCounts = .allocate(capacity: width * rankCount)
    changeCounts.initialize(repeating: 0)
    losses = .allocate(capacity: width)
    losses.initialize(repeating: 0)
    hashes = .allocate(capacity: width)
    hashes.initialize(repeating: 0)
  }

  func deallocate() {
    ends.deallocate()
    for buffer in [lastOptions, firstSettings, changeCounts] { buffer.deallocate() }
    losses.deallocate()
    hashes.deallocate()
  }

  /// Becomes the single state without any instruction.
  mutating func reset() {
    count = 1
    (losses[0], hashes[0]) = (0, 0)
    for slot in 0..<slotCount { ends[slot] = 0 }
    for rank in 0..<rankCount { (lastOptions[rank], firstSettings[rank], changeCounts[rank]) = (-1, -1, 0) }
  }

  mutating func removeAll() { count = 0 }

  /// The hash of a state.
  @inline(__always)
  func hash(of state: Int) -> UInt64 { hashes[state] }

  /// The state of least loss; there is at least one. O(width).
  var best: Int {
    var best = 0
    for state in 0..<count where losses[state] < losses[best] { best = state }
    return best
  }

  /// Adds a state that continues `parent` by one addition.
  ///
  /// - Returns: its index, which is that of a duplicate it replaces; nil when a duplicate loses no more.
  /// - Complexity: O(width + slots + ranks).
  @inline(__always)
  mutating func add(from parents: BeamStates, parent: Int, _ addition: Addition) -> Int? {
    var index = 0
    while index < count && hashes[index] != addition.hash { index += 1 }
    if index < count && losses[index] <= addition.loss { return nil }
    losses[index] = addition.loss
    if index == count {
      count += 1
      hashes[index] = addition.hash
      let (to, from) = (index * slotCount, parent * slotCount)
      for slot in 0..<slotCount { ends[to + slot] = parents.ends[from + slot] }
      ends[to + addition.slot] = addition.end
    }
    if rankCount > 0 {
      // A duplicate may have reached its setting by another option, whose cost to go may differ.
      let (to, from) = (index * rankCount, parent * rankCount)
      for rank in 0..<rankCount {
        lastOptions[to + rank] = parents.lastOptions[from + rank]
        firstSettings[to + rank] = parents.firstSettings[from + rank]
        changeCounts[to + rank] = parents.changeCounts[from + rank]
      }
      lastOptions[to + addition.rank] = addition.option
      firstSettings[to + addition.rank] = addition.firstSetting
      changeCounts[to + addition.rank] = addition.changeCount
    }
    return index
  }

  /// The hash of one value at one place of a state: ends by slot, then two places for each rank, then one for each.
  @inline(__always)
  static func hash(_ value: Int64, at place: Int) -> UInt64 {
    var bits = (UInt64(bitPattern: value) ^ (UInt64(place) << 48)) &* 0x9E37_79B9_7F4A_7C15
    bits ^= bits >> 29
    bits = bits &* 0xBF58_476D_1CE4_E5B9
    return bits ^ (bits >> 32)
  }
}
