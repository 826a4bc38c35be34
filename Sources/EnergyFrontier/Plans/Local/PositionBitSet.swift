/// A set of positions of a ``PlanSpace`` with one bit for each, whose members are removed in order.
///
/// A search over the words begins at the lowest possible member and ends at the highest, so a set with few members
/// close together, the usual case here, costs a step or two. Everything lies behind constant pointers, which spares the
/// hot loops the run-time checks for exclusive access. The owner deallocates it.
struct PositionBitSet {
  private let words: UnsafeMutableBufferPointer<UInt64>
  /// All members are in words `span.low...span.high`.
  private let span: UnsafeMutablePointer<(low: Int, high: Int)>

  /// An empty set of positions below `count`.
  init(count: Int) {
    words = .allocate(capacity: (count + 63) / 64)
    words.initialize(repeating: 0)
    span = .allocate(capacity: 1)
    span.initialize(to: (words.count, -1))
  }

  func deallocate() {
    words.deallocate()
    span.deallocate()
  }

  /// Adds a position; false when it was there.
  @inline(__always)
  @discardableResult
  func insert(_ position: Int) -> Bool {
    let word = position >> 6
    let bit: UInt64 = 1 << UInt64(position & 63)
    if words[word] & bit != 0 { return false }
    words[word] |= bit
    if word < span.pointee.low { span.pointee.low = word }
    if word > span.pointee.high { span.pointee.high = word }
    return true
  }

  func remove(_ position: Int) { words[position >> 6] &= ~(1 << UInt64(position & 63)) }

  func removeAll() {
    if span.pointee.low <= span.pointee.high {
      for word in span.pointee.low...span.pointee.high { words[word] = 0 }
    }
    markEmpty()
  }

  /// Removes and returns the lowest member, unless it is above `last`.
  @inline(__always)
  func popFirst(through last: Int) -> Int? {
    while span.pointee.low <= span.pointee.high {
      let word = words[span.pointee.low]
      if word != 0 {
        let position = span.pointee.low << 6 + word.trailingZeroBitCount
        if position > last { return nil }
        words[span.pointee.low] = word & (word &- 1)
        return position
      }
      span.pointee.low += 1
    }
    markEmpty()
    return nil
  }

  /// Removes and returns the highest member, unless it is below `first`.
  @inline(__always)
  func popLast(from first: Int) -> Int? {
    while span.pointee.low <= span.pointee.high {
      let word = words[span.pointee.high]
      if word != 0 {
        let bit = 63 - word.leadingZeroBitCount
        let position = span.pointee.high << 6 + bit
        if position < first { return nil }
        words[span.pointee.high] = word & ~(1 << UInt64(bit))
        return position
      }
      span.pointee.high -= 1
    }
    markEmpty()
    return nil
  }

  /// Removes and returns the lowest member that is at least `first`; nil when there is none.
  @inline(__always)
  func popFirst(from first: Int) -> Int? {
    var index = max(first >> 6, span.pointee.low)
    var mask = index == first >> 6 ? ~UInt64(0) << UInt64(first & 63) : ~0
    while index <= span.pointee.high {
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

  private func markEmpty() {
    span.pointee = (words.count, -1)
  }
}
