extension Sequence {
  /// The `count` smallest elements in order, without sorting the others; equal elements keep their order.
  ///
  /// O(n log count) where the elements come in random order; insertion makes the worst case O(n count) for counts up to
  /// 1024, and longer results are cut from a full sort.
  @inlinable
  public func smallest(_ count: Int, by precedes: (Element, Element) -> Bool) -> [Element] {
    var kept: [Element] = []
    guard count > 0 else { return kept }
    if count > 1024 { return Array(sorted(by: precedes).prefix(count)) }
    for element in self {
      if kept.count == count, !precedes(element, kept[count - 1]) { continue }
      let position = kept.partitioningIndex { precedes(element, $0) }
      if kept.count == count { kept.removeLast() }
      kept.insert(element, at: position)
    }
    return kept
  }
}
