/// Where a partial plan stores the ends that it still needs: the fewest slots such that each position holds one from
/// its own step to that of its last successor.
///
/// A slot freed by a predecessor may be taken by the very position that used it last. O(positions + dependencies).
struct FrontierSlots {
  /// Slots needed at the same time; about two for each rank of a pipeline.
  let count: Int
  /// The slot of each position's end.
  let ofPosition: [Int32]
  /// The slot of each predecessor, in the order of ``PlanSpace/predecessors``.
  let ofPredecessor: [Int32]
  /// Whether that predecessor's end is not needed after this use.
  let isLastUse: [Bool]

  init(_ space: PlanSpace) {
    var free: [Int32] = []
    var count: Int32 = 0
    var ofPosition = [Int32](repeating: 0, count: space.count)
    var ofPredecessor: [Int32] = []
    var isLastUse: [Bool] = []
    for position in 0..<space.count {
      for before in space.predecessors(of: position) {
        let isLast = space.successors(of: Int(before)).last == Int32(position)
        ofPredecessor.append(ofPosition[Int(before)])
        isLastUse.append(isLast)
        if isLast { free.append(ofPosition[Int(before)]) }
      }
      if let slot = free.popLast() {
        ofPosition[position] = slot
      } else {
        ofPosition[position] = count
        count += 1
      }
      // Nothing follows: the end is needed no more.
      if space.successors(of: position).isEmpty { free.append(ofPosition[position]) }
    }
    self.count = Int(count)
    self.ofPosition = ofPosition
    self.ofPredecessor = ofPredecessor
    self.isLastUse = isLastUse
  }
}
