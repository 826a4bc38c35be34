/// Events by distance: a heap in which each entry has four below it, so that it is shallow and the four share a cache
/// line.
///
/// A value, which a search takes out of its owner: a stored property of an object would be checked for exclusive access
/// at every step.
struct NearestFirst {
  struct Entry {
    let distance: Int64
    let node: Int32
  }

  private var entries: [Entry] = []

  mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// Adds an entry; O(log entries).
  mutating func push(distance: Int64, node: Int32) {
    let entry = Entry(distance: distance, node: node)
    entries.append(entry)
    entries.withUnsafeMutableBufferPointer { entries in
      var child = entries.count - 1
      while child > 0 {
        let parent = (child - 1) / 4
        if entries[parent].distance <= distance { break }
        entries[child] = entries[parent]
        child = parent
      }
      entries[child] = entry
    }
  }

  /// Removes an entry of least distance, of which there must be one; O(log entries).
  mutating func popNearest() -> Entry {
    let nearest = entries[0]
    let last = entries.removeLast()
    if entries.isEmpty { return nearest }
    entries.withUnsafeMutableBufferPointer { entries in
      var hole = 0
      while 4 * hole + 1 < entries.count {
        let first = 4 * hole + 1
        var least = first
        for child in first..<min(first + 4, entries.count) where entries[child].distance < entries[least].distance {
          least = child
        }
        if entries[least].distance >= last.distance { break }
        entries[hole] = entries[least]
        hole = least
      }
      entries[hole] = last
    }
    return nearest
  }
}
