internal import CLibrary

/// Plain values in one block of memory that grows in place where the system can, and has one owner.
///
/// An array would copy on growth and again to be handed over; for messages of many megabytes both show in the peak
/// of memory. Grows to at least twice its size, so appending takes constant time on average.
package struct GrowingBuffer<Element: BitwiseCopyable & Sendable>: ~Copyable, @unchecked Sendable {
  /// The first element. Valid until the buffer grows or ends.
  package private(set) var base: UnsafeMutablePointer<Element>
  /// The number of elements.
  package private(set) var count = 0
  /// The number of elements there is room for.
  package private(set) var capacity: Int

  package init(minimumCapacity: Int = 0) {
    capacity = max(minimumCapacity, 8)
    base = Self.resized(nil, to: capacity)
  }

  deinit { free(base) }

  /// The elements. Valid until the buffer grows or ends.
  package var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }

  @inline(__always)
  package subscript(index: Int) -> Element {
    get { base[index] }
    set { base[index] = newValue }
  }

  @inline(__always)
  package mutating func append(_ element: Element) {
    if count == capacity { reserve(1) }
    base[count] = element
    count += 1
  }

  package mutating func append(contentsOf elements: UnsafeBufferPointer<Element>) {
    reserve(elements.count)
    guard let start = elements.baseAddress else { return }
    (base + count).update(from: start, count: elements.count)
    count += elements.count
  }

  /// Makes room for `extra` more elements.
  package mutating func reserve(_ extra: Int) {
    guard count + extra > capacity else { return }
    capacity = max(count + extra, 2 * capacity)
    base = Self.resized(base, to: capacity)
  }

  /// Has `body` write elements into the room after the last one, and adds as many as it says it has written.
  package mutating func append(with body: (UnsafeMutableBufferPointer<Element>) -> Int) {
    count += body(UnsafeMutableBufferPointer(start: base + count, count: capacity - count))
  }

  /// Removes the first `removed` elements. Takes time linear in those that stay.
  package mutating func removeFirst(_ removed: Int) {
    base.update(from: base + removed, count: count - removed)
    count -= removed
  }

  /// Removes the elements from `newCount` on.
  package mutating func truncate(to newCount: Int) {
    count = newCount
  }

  private static func resized(_ old: UnsafeMutablePointer<Element>?, to capacity: Int) -> UnsafeMutablePointer<Element>
  {
    guard let block = realloc(old, capacity * MemoryLayout<Element>.stride) else { fatalError("out of memory") }
    return block.assumingMemoryBound(to: Element.self)
  }
}
