internal import CLibrary
internal import Dispatch
internal import JSONRPC
internal import Synchronization

/// Messages to and from a server over two descriptors, which it closes.
///
/// Sending never waits: a queue writes, so that a server that stops reading holds up no caller. A thread reads.
final class Connection: Sendable {
  private let writing = DispatchQueue(label: "trimtab.write")
  private let output: Mutex<Int32?>

  /// - Parameters:
  ///   - receive: called with each message, in order, on the thread that reads.
  ///   - end: called once, when the server sends no more.
  init(
    input: Int32, output: Int32, receive: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> Void,
    end: @escaping @Sendable () -> Void
  ) {
    self.output = Mutex(output)
    // A server that has gone must show as an error of `write`, not end the program.
    signal(SIGPIPE, SIG_IGN)
    // The thread must not keep the connection, whose end closes the output.
    startThread(stackBytes: 512 << 10) { [weak self] in
      Self.read(input, receive)
      close(input)
      // A server that says no more may still read: the end of its input ends it.
      self?.finish()
      end()
    }
  }

  deinit { closeOutput() }

  /// Sends one message; what comes behind the server's end is dropped, as its caller hears of that end.
  func send(_ message: [UInt8]) {
    writing.async { [self] in
      output.withLock { output in
        guard let descriptor = output else { return }
        let frame = Array("Content-Length: \(message.count)\r\n\r\n".utf8) + message
        guard Self.write(frame, to: descriptor) else {
          close(descriptor)
          output = nil
          return
        }
      }
    }
  }

  /// Ends the server's input once everything is written.
  func finish() { writing.async { [self] in closeOutput() } }

  private func closeOutput() {
    output.withLock { output in
      if let output { close(output) }
      output = nil
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = CLibrary.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count > 0 { done += count } else if errno != EINTR { return false }
      }
      return true
    }
  }

  private static func read(_ descriptor: Int32, _ receive: (UnsafeBufferPointer<UInt8>) -> Void) {
    var limits = FrameDecoder.Limits()
    // An answer is as long as what was asked for.
    limits.maximumFrameBytes = 1 << 40
    limits.longFrameBytes = 1 << 40
    var decoder = FrameDecoder(limits: limits)
    var hasEnded = false
    while !hasEnded {
      decoder.append(atMost: 64 << 10) { room in
        while true {
          let count = CLibrary.read(descriptor, room.baseAddress, room.count)
          if count > 0 { return count }
          if count == 0 || errno != EINTR {
            hasEnded = true
            return 0
          }
        }
      }
      while let event = decoder.next() {
        guard case .frame(let range) = event else { return }
        decoder.withBytes(of: range, receive)
      }
    }
  }
}
