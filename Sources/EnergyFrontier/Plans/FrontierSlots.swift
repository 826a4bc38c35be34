/// Where a beginning of a plan keeps the ends it still needs: the fewest slots such that a place holds one from its own turn
/// to that of its last successor.
///
/// A slot freed by a predecessor may be taken by the very place that used it last. O(places + dependencies).
struct FrontierSlots {
  /// Slots needed at the same time; about two for each rank of a pipeline.
  let count: Int
  /// The slot of each place's end.
  let ofPlace: [Int32]
  /// The slot of each predecessor, in the order of ``PlanSpace/predecessors``.
  let ofPredecessor: [Int32]
  /// Whether that predecessor's end is not needed after this use.
  let isLastUse: [Bool]

  init(_ space: PlanSpace) {
    var free: [Int32] = []
    var count: Int32 = 0
    var ofPlace = [Int32](repeating: 0, count: space.count)
    var ofPredecessor: [Int32] = []
    var isLastUse: [Bool] = []
    for place in 0..<space.count {
      for before in space.predecessors(of: place) {
        let isLast = space.successors(of: Int(before)).last == Int32(place)
        ofPredecessor.append(ofPlace[Int(before)])
        isLastUse.append(isLast)
        if isLast { free.append(ofPlace[Int(before)]) }
      }
      if let slot = free.popLast() {
        ofPlace[place] = slot
      } else {
        ofPlace[place] = count
        count += 1
      }
      // Nothing follows: the end is needed no more.
      if space.successors(of: place).isEmpty { free.append(ofPlace[place]) }
    }
    self.count = Int(count)
    self.ofPlace = ofPlace
    self.ofPredecessor = ofPredecessor
    self.isLastUse = isLastUse
  }
}
