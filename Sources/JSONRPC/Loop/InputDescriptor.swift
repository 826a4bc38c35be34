internal import CLibrary

/// Reads what is there from a descriptor that has been found readable.
struct InputDescriptor {
  /// What one read gave.
  enum Outcome {
    case bytes(Int)
    /// Nothing there after all.
    case nothing
    case end
  }

  private static let smallestBuffer = 64 << 10
  private static let largestBuffer = 1 << 20

  let descriptor: Int32
  private let isSocket: Bool
  private var buffer = [UInt8](repeating: 0, count: smallestBuffer)

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    isSocket = DescriptorKind(descriptor) == .socket
  }

  /// Reads once, so that a fast writer cannot keep the loop from its other work, and passes the bytes to `body`.
  mutating func read(_ body: (UnsafeRawBufferPointer) -> Void) -> Outcome {
    let (descriptor, isSocket) = (descriptor, isSocket)
    let count = buffer.withUnsafeMutableBytes { bytes in
      retryingInterrupts {
        isSocket ? recv(descriptor, bytes.baseAddress, bytes.count, receiveFlags) : readBytes(descriptor, bytes)
      }
    }
    guard count > 0 else {
      // A connection that fails while it is read has nothing more to say: that is its end.
      return count == -1 && (errno == EAGAIN || errno == EWOULDBLOCK) ? .nothing : .end
    }
    buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    if count == buffer.count, count < Self.largestBuffer { buffer = [UInt8](repeating: 0, count: 2 * count) }
    return .bytes(count)
  }
}

private func readBytes(_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> Int {
  read(descriptor, bytes.baseAddress, bytes.count)
}
