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

  private static let smallestRead = 64 << 10
  private static let largestRead = 1 << 20

  let descriptor: Int32
  private let isSocket: Bool
  private var readSize = smallestRead
  /// Where files go that come with the bytes; nil where none are expected.
  private let files: ReceivedFiles?

  init(_ descriptor: Int32, files: ReceivedFiles? = nil) {
    (self.descriptor, self.files) = (descriptor, files)
    isSocket = DescriptorKind(descriptor) == .socket
  }

  /// Reads once, so that a fast writer cannot keep the loop from its other work, straight into the peer's buffer.
  mutating func read(into peer: Peer) -> Outcome {
    var count = 0
    var mayComeLater = false
    peer.receive(atMost: readSize) { bytes in
      if let files {
        count = FilePassing.receive(bytes, files: &files.descriptors, from: descriptor)
        mayComeLater = count == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)
        return max(count, 0)
      }
      count = retryingInterrupts {
        isSocket ? recv(descriptor, bytes.baseAddress, bytes.count, receiveFlags) : readBytes(descriptor, bytes)
      }
      mayComeLater = count == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)
      return max(count, 0)
    }
    // A connection that fails while it is read has nothing more to say: that is its end.
    guard count > 0 else { return mayComeLater ? .nothing : .end }
    if count == readSize { readSize = min(2 * readSize, Self.largestRead) }
    return .bytes(count)
  }
}

private func readBytes(_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> Int {
  read(descriptor, bytes.baseAddress, bytes.count)
}
