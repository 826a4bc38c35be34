internal import Basics

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
    let line = starts.partitioningIndex { $0 > offset }
    // Bytes that go on a scalar do not count.
    let column = bytes[starts[line - 1]..<offset].count { $0 & 0xC0 != 0x80 }
    return (line, column + 1)
  }
}
