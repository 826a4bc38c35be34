internal import CLibrary

/// Writes as much as fits to a descriptor, without ever waiting for its reader.
///
/// The descriptor stays in blocking mode, because that mode belongs to the open file and not to us: a shell or a parent
/// may share it. A socket can be told not to wait call by call. A pipe cannot; but once `poll` calls it writable, a
/// write of up to PIPE_BUF bytes is sure not to wait (POSIX, `write`), and once it is empty, a write of all it holds;
/// as long as no other process writes to it.
package struct OutputDescriptor: Sendable {
  /// How a round of writing went.
  package enum Outcome {
    /// Everything is out, or as much as one round may take.
    case progress
    /// The reader has to catch up first.
    case full
    /// It will never be read.
    case failed
  }

  /// The most one round writes, so that a fast reader cannot keep the loop from its other work.
  private static let roundBytes = 4 << 20

  package let descriptor: Int32
  private let kind: DescriptorKind
  /// What a pipe holds, where the system tells.
  private let pipeCapacity: Int?

  package init(_ descriptor: Int32) {
    self.descriptor = descriptor
    kind = DescriptorKind(descriptor)
    pipeCapacity = kind == .pipe ? enlargePipe(descriptor) : nil
  }

  /// Writes from `buffer` what fits now.
  package func write(_ buffer: inout OutputBuffer) -> Outcome {
    var budget = Self.roundBytes
    while !buffer.isEmpty, budget > 0 {
      if kind == .pipe {
        let ready = readiness(of: descriptor, for: Int16(POLLOUT))
        if ready & Int16(POLLOUT) == 0 { return ready == 0 ? .full : .failed }
      }
      let count = buffer.withPending { bytes in
        let limit = kind == .pipe ? pipeLimit(bytes.count) : budget
        let chunk = UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, limit)])
        return retryingInterrupts { writeOnce(chunk) }
      }
      guard count >= 0 else { return errno == EAGAIN || errno == EWOULDBLOCK ? .full : .failed }
      buffer.consume(count)
      budget -= count
    }
    return .progress
  }

  /// How much may go into a writable pipe at once. One that a reader has emptied takes all it can hold: a thousand
  /// notifications then wake the reader once or twice, not for each piece.
  private func pipeLimit(_ wanted: Int) -> Int {
    guard wanted > Int(PIPE_BUF), let pipeCapacity, unreadBytes(of: descriptor) == 0 else { return Int(PIPE_BUF) }
    return pipeCapacity
  }

  /// Bytes that have been written and not been read, where the system tells.
  var unreadByteCount: Int? {
    switch kind {
    case .pipe: unreadBytes(of: descriptor)
    case .socket: unsentBytes(of: descriptor)
    case .other: nil
    }
  }

  private func writeOnce(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch kind {
    case .socket: send(descriptor, bytes.baseAddress, bytes.count, sendFlags)
    case .pipe, .other: writeBytes(descriptor, bytes)
    }
  }
}

private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
