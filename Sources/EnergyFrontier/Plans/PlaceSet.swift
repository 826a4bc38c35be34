/// A set of places of a ``PlanSpace`` that gives them back in order, as one bit for each.
///
/// Search over the words begins where the lowest member can be and ends where the highest can be, so that a set with few
/// members close together, the usual case here, costs a step or two. The owner deallocates it.
struct PlaceSet {
  private let words: UnsafeMutableBufferPointer<UInt64>
  /// All members are in words `low...high`.
  private var low: Int
  private var high = -1

  /// An empty set of places below `count`.
  init(count: Int) {
    words = .allocate(capacity: (count + 63) / 64)
    words.initialize(repeating: 0)
    low = words.count
  }

  func deallocate() { words.deallocate() }

  @inline(__always)
  mutating func insert(_ place: Int) {
    let word = place >> 6
    words[word] |= 1 << UInt64(place & 63)
    if word < low { low = word }
    if word > high { high = word }
  }

  mutating func removeAll() {
    if low <= high { words[low...high].update(repeating: 0) }
    markEmpty()
  }

  /// Removes and returns the lowest member, unless it is above `last`.
  @inline(__always)
  mutating func popFirst(through last: Int) -> Int? {
    while low <= high {
      let word = words[low]
      if word != 0 {
        let place = low << 6 + word.trailingZeroBitCount
        if place > last { return nil }
        words[low] = word & (word &- 1)
        return place
      }
      low += 1
    }
    markEmpty()
    return nil
  }

  /// Removes and returns the highest member, unless it is below `first`.
  @inline(__always)
  mutating func popLast(from first: Int) -> Int? {
    while low <= high {
      let word = words[high]
      if word != 0 {
        let bit = 63 - word.leadingZeroBitCount
        let place = high << 6 + bit
        if place < first { return nil }
        words[high] = word & ~(1 << UInt64(bit))
        return place
      }
      high -= 1
    }
    markEmpty()
    return nil
  }

  /// Removes and returns the lowest member that is at least `first`; nil when there is none.
  @inline(__always)
  mutating func popFirst(from first: Int) -> Int? {
    var index = max(first >> 6, low)
    var mask = index == first >> 6 ? ~UInt64(0) << UInt64(first & 63) : ~0
    while index <= high {
      let word = words[index] & mask
      if word != 0 {
        words[index] &= ~(word & (0 &- word))
        return index << 6 + word.trailingZeroBitCount
      }
      index += 1
      mask = ~0
    }
    return nil
  }

  private mutating func markEmpty() {
    low = words.count
    high = -1
  }
}
