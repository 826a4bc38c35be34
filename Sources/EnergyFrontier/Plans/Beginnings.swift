/// Beginnings of plans that all go up to the same place.
///
/// A beginning is what the rest of the plan needs to know: the ends of the places that have successors still to come, one
/// for each of the ``FrontierSlots``, and the loss so far. Two beginnings with the same ends are twins: whatever continues
/// one continues the other, so only the cheaper is kept. They are told by a 64-bit hash; a collision would cost a
/// beginning and nothing else.
struct Beginnings {
  var count = 0
  let slotCount: Int
  /// `slotCount` ends in ticks for each beginning.
  let ends: UnsafeMutableBufferPointer<Int64>
  /// Joules that each beginning has lost, with what it is charged in advance.
  let losses: UnsafeMutableBufferPointer<Double>
  /// Exclusive or of the hashes of the ends in use.
  private let hashes: UnsafeMutableBufferPointer<UInt64>

  init(width: Int, slotCount: Int) {
    self.slotCount = slotCount
    ends = .allocate(capacity: width * slotCount)
    ends.initialize(repeating: 0)
    losses = .allocate(capacity: width)
    losses.initialize(repeating: 0)
    hashes = .allocate(capacity: width)
    hashes.initialize(repeating: 0)
  }

  func deallocate() {
    ends.deallocate()
    losses.deallocate()
    hashes.deallocate()
  }

  /// Becomes the one beginning that has nothing in it.
  mutating func restart() {
    count = 1
    losses[0] = 0
    hashes[0] = 0
    for slot in 0..<slotCount { ends[slot] = 0 }
  }

  /// The hash of a beginning of this kind without the ends in some slots.
  @inline(__always)
  func hash(of beginning: Int) -> UInt64 { hashes[beginning] }

  /// Adds a beginning that continues `parent`.
  ///
  /// - Parameters:
  ///   - end: the new end, which goes to `slot`.
  ///   - hash: of all ends in use, the new one included.
  /// - Returns: its number, which may be that of a twin; nil when a twin is as good. O(width + slots).
  @inline(__always)
  mutating func add(
    from parents: Beginnings, parent: Int, end: Int64, slot: Int, hash: UInt64, loss: Double
  ) -> Int? {
    var twin = 0
    while twin < count && hashes[twin] != hash { twin += 1 }
    if twin < count && losses[twin] <= loss { return nil }
    losses[twin] = loss
    if twin < count { return twin }
    hashes[twin] = hash
    let (to, from) = (twin * slotCount, parent * slotCount)
    for index in 0..<slotCount { ends[to + index] = parents.ends[from + index] }
    ends[to + slot] = end
    count += 1
    return twin
  }

  /// The hash of one end.
  @inline(__always)
  static func mix(_ end: Int64, slot: Int) -> UInt64 {
    var bits = (UInt64(bitPattern: end) ^ (UInt64(slot) << 58)) &* 0x9E37_79B9_7F4A_7C15
    bits ^= bits >> 29
    bits = bits &* 0xBF58_476D_1CE4_E5B9
    return bits ^ (bits >> 32)
  }
}

/// A step that continues a beginning.
struct Continuation {
  var loss: Double
  /// The number of the beginning that it continues.
  var parent: Int32
  /// An index into the space's options.
  var option: Int32
}

/// The best continuations seen, by rising loss: few, so that moving the worse ones up is faster than any tree.
struct Continuations {
  private var count = 0
  private let capacity: Int
  private let memory: UnsafeMutableBufferPointer<Continuation>

  init(capacity: Int) {
    self.capacity = capacity
    memory = .allocate(capacity: capacity)
    memory.initialize(repeating: Continuation(loss: 0, parent: 0, option: 0))
  }

  func deallocate() { memory.deallocate() }

  /// What a continuation must stay below to be taken.
  @inline(__always)
  var limit: Double { count < capacity ? .infinity : memory[capacity - 1].loss }

  /// Takes a continuation whose loss is below ``limit``, in place of the worst when there is no room. O(width).
  @inline(__always)
  mutating func insert(_ continuation: Continuation) {
    if count < capacity { count += 1 }
    var hole = count - 1
    while hole > 0 && memory[hole - 1].loss > continuation.loss {
      memory[hole] = memory[hole - 1]
      hole -= 1
    }
    memory[hole] = continuation
  }

  mutating func removeAll() { count = 0 }

  var entries: Slice<UnsafeMutableBufferPointer<Continuation>> { memory[..<count] }
}
