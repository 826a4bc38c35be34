extension Sequence {
  /// The elements that no other dominates in two costs, by rising first and strictly falling second cost; of equal
  /// elements the first is kept. O(n log n).
  @inlinable
  public func paretoFront<First: Comparable, Second: Comparable>(
    by costs: (Element) -> (First, Second)
  ) -> [Element] {
    var front: [(element: Element, second: Second)] = []
    let keyed = enumerated().map { (offset: $0.offset, element: $0.element, costs: costs($0.element)) }
    let order = keyed.sorted { ($0.costs.0, $0.costs.1, $0.offset) < ($1.costs.0, $1.costs.1, $1.offset) }
    for (_, element, costs) in order where front.isEmpty || costs.1 < front[front.count - 1].second {
      front.append((element, costs.1))
    }
    return front.map(\.element)
  }
}
