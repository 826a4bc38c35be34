internal import CLibrary

/// One end of a socket between two processes of this program: whole messages both ways, and files beside them.
package final class MessageLink: LoopSource {
  package let descriptor: Int32
  private let output: OutputDescriptor
  private var pending = OutputBuffer()
  /// Files that go out before the last byte of the messages that they belong to.
  private var files: [Int32] = []
  private var decoder: FrameDecoder
  private var hasEnded = false
  private var isRemoved = false
  /// Called with each message; the bytes are gone afterwards.
  package var receive: (UnsafeBufferPointer<UInt8>) -> Void = { _ in }
  /// Called once, when the other end is closed and all it sent has been received.
  package var end: () -> Void = {}
  /// Asked before more is read.
  package var hasRoom: () -> Bool = { true }

  /// Takes over a connected socket.
  package init(_ socket: Int32) {
    descriptor = socket
    output = OutputDescriptor(socket)
    var limits = FrameDecoder.Limits()
    // The other end is this program too, and keeps limits where clients send.
    limits.maximumFrameBytes = .max / 2
    decoder = FrameDecoder(limits: limits)
  }

  deinit {
    for file in files { _ = close(file) }
    _ = close(descriptor)
  }

  /// The bytes that wait to go out.
  package var backlogByteCount: Int { pending.count }

  package var events: Int16 {
    if hasEnded || isRemoved { return 0 }
    return Int16((hasRoom() ? POLLIN : 0) | (pending.isEmpty ? 0 : POLLOUT))
  }

  /// Sends one message, which is JSON text.
  ///
  /// - Parameter file: a descriptor that goes with it, and is closed once it has gone.
  package func send(_ message: [UInt8], file: Int32? = nil) {
    pending.append(MessageText(message), framing: .headers)
    if let file { files.append(file) }
  }

  package func flush() {
    while let file = files.first, !pending.isEmpty {
      // One byte, so that the others are left for the files that follow.
      let count = pending.withPending {
        FilePassing.send(UnsafeRawBufferPointer(rebasing: $0[..<1]), file: file, to: descriptor)
      }
      // An end that has closed shows when it is read from.
      guard count > 0 else { return }
      pending.consume(count)
      _ = close(file)
      files.removeFirst()
    }
    _ = output.write(&pending)
  }

  /// Waits until what was sent has gone, for at most `seconds`.
  package func drain(seconds: Double) {
    let deadline = monotonicSeconds() + seconds
    while !pending.isEmpty, monotonicSeconds() < deadline {
      var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = poll(&entry, 1, 10)
      guard entry.revents & Int16(POLLERR | POLLHUP) == 0 else { return }
      flush()
    }
  }

  package func removed() {
    isRemoved = true
    (receive, end, hasRoom) = ({ _ in }, {}, { true })
  }

  package func ready(_ events: Int16) {
    guard events & ~Int16(POLLOUT) != 0, !hasEnded, !isRemoved else { return }
    var count = 0
    var mayComeLater = false
    decoder.append(atMost: 1 << 20) { bytes in
      count = retryingInterrupts { recv(descriptor, bytes.baseAddress, bytes.count, receiveFlags) }
      mayComeLater = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
      return max(count, 0)
    }
    while !isRemoved, let event = decoder.next() {
      guard case .frame(let range) = event else { continue }
      decoder.withBytes(of: range) { receive($0) }
    }
    if count <= 0, !mayComeLater, !isRemoved {
      hasEnded = true
      end()
    }
  }
}
