extension Sequence {
  /// The `count` least elements in order, without sorting the others; ties keep their order.
  ///
  /// O(n log count) where the elements come in a random order, which is what tens of thousands of candidates do.
  func least(_ count: Int, by precedes: (Element, Element) -> Bool) -> [Element] {
    var kept: [Element] = []
    guard count > 0 else { return kept }
    // Insertion is quadratic in what is kept.
    if count > 1024 { return Array(sorted(by: precedes).prefix(count)) }
    for element in self {
      if kept.count == count, !precedes(element, kept[count - 1]) { continue }
      var (low, high) = (0, kept.count)
      while low < high {
        let middle = (low + high) / 2
        if precedes(element, kept[middle]) { high = middle } else { low = middle + 1 }
      }
      if kept.count == count { kept.removeLast() }
      kept.insert(element, at: low)
    }
    return kept
  }
}
