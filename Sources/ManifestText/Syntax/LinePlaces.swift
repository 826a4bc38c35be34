/// Lines and columns of a text, both from 1; a column counts Unicode scalars.
package struct LinePlaces: Sendable {
  private let bytes: [UInt8]
  /// The offset of the first byte of each line.
  private var starts = [0]

  /// O(bytes).
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    for (index, byte) in bytes.enumerated() where byte == .newline { starts.append(index + 1) }
  }

  /// The place of a byte; behind the end that of the end. O(log lines + bytes of the line).
  package func position(of offset: Int) -> (line: Int, column: Int) {
    let offset = min(max(offset, 0), bytes.count)
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle } else { high = middle }
    }
    // Bytes that go on a scalar do not count.
    let column = bytes[starts[low]..<offset].count { $0 & 0xC0 != 0x80 }
    return (low + 1, column + 1)
  }
}
