/// A state of a beam continued by one option.
struct BeamSuccessor {
  var loss: Double
  /// The state that it continues.
  var parent: Int32
  /// An index into the space's options.
  var option: Int32
}

/// The best successors seen, by rising loss. They are few, so that shifting the worse ones is faster than any tree.
struct BeamSuccessors {
  private var count = 0
  private let capacity: Int
  private let memory: UnsafeMutableBufferPointer<BeamSuccessor>

  init(capacity: Int) {
    self.capacity = capacity
    memory = .allocate(capacity: capacity)
    memory.initialize(repeating: BeamSuccessor(loss: 0, parent: 0, option: 0))
  }

  func deallocate() { memory.deallocate() }

  /// A successor is accepted only if its loss is below this.
  @inline(__always)
  var limit: Double { count < capacity ? .infinity : memory[capacity - 1].loss }

  /// Adds a successor whose loss is below ``limit``; the worst one leaves when there is no room. O(width).
  @inline(__always)
  mutating func insert(_ successor: BeamSuccessor) {
    if count < capacity { count += 1 }
    var hole = count - 1
    while hole > 0 && memory[hole - 1].loss > successor.loss {
      memory[hole] = memory[hole - 1]
      hole -= 1
    }
    memory[hole] = successor
  }

  mutating func removeAll() { count = 0 }

  var entries: Slice<UnsafeMutableBufferPointer<BeamSuccessor>> { memory[..<count] }
}
