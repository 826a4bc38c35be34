internal import Basics

/// Values by name, in the order in which they were added.
///
/// Finding, adding, replacing and removing one take constant time on average; names differ when their bytes do. A
/// removed value leaves a gap, and the list closes its gaps when half of it is gaps.
package struct NamedList<Value: Sendable>: Sendable {
  private struct Slot: Sendable {
    let name: String
    /// Nil in a gap.
    var value: Value?
    var liveName: String? { value == nil ? nil : name }
  }

  private var slots: [Slot] = []
  private var slotOfName: [ExactString: Int] = [:]

  package init() {}

  package var count: Int { slotOfName.count }
  package var isEmpty: Bool { slotOfName.isEmpty }

  /// The names in order. O(count) to walk.
  package var names: [String] { slots.compactMap(\.liveName) }

  /// The values in order. O(count).
  package var values: [Value] { slots.compactMap(\.value) }

  /// The first names in order, at most `limit`.
  package func names(first limit: Int) -> [String] { Array(slots.lazy.compactMap(\.liveName).prefix(limit)) }

  package func contains(_ name: String) -> Bool { slotOfName[ExactString(name)] != nil }

  /// The value of a name; nil where there is none. Setting nil removes it, and a new name is added at the end.
  package subscript(name: String) -> Value? {
    get {
      guard let slot = slotOfName[ExactString(name)] else { return nil }
      return slots[slot].value
    }
    set {
      let key = ExactString(name)
      if let slot = slotOfName[key] {
        slots[slot].value = newValue
        if newValue == nil { remove(key) }
      } else if let newValue {
        slotOfName[key] = slots.count
        slots.append(Slot(name: name, value: newValue))
      }
    }
  }

  /// Changes a value where it stands.
  ///
  /// - Returns: what `change` returns, nil where there is no such name.
  package mutating func update<Result, Failure: Error>(
    _ name: String, _ change: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let slot = slotOfName[ExactString(name)] else { return nil }
    return try change(&slots[slot].value!)
  }

  private mutating func remove(_ key: ExactString) {
    slotOfName[key] = nil
    guard slots.count > 2 * slotOfName.count + 16 else { return }
    slots.removeAll { $0.value == nil }
    for (slot, entry) in slots.enumerated() { slotOfName[ExactString(entry.name)] = slot }
  }
}
