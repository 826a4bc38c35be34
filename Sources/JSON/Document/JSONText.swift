/// The bytes that a parsed value refers to, shared by all its parts.
package final class JSONText: Sendable {
  /// A zero stands after `range`.
  let buffer: GrowingBuffer<UInt8>
  /// Where the text lies in `buffer`.
  package let range: Range<Int>

  /// The text from `start` to the end of `buffer`.
  package init(_ buffer: consuming GrowingBuffer<UInt8>, from start: Int = 0) {
    range = start..<buffer.count
    buffer.append(0)
    self.buffer = buffer
  }

  /// A copy of `bytes`.
  convenience init(copying bytes: UnsafeBufferPointer<UInt8>) {
    var buffer = GrowingBuffer<UInt8>(minimumCapacity: bytes.count + 1)
    buffer.append(contentsOf: bytes)
    self.init(buffer)
  }

  /// The bytes, followed by a zero.
  package var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: buffer.elements[range]) }
}
