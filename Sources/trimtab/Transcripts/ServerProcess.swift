internal import CLibrary
internal import JSONRPC

/// A server that runs beside this program, spoken to in messages; neither side ever waits for the other to read.
final class ServerProcess {
  let client: String
  private let child: ChildProcess
  private let usesHeaders: Bool
  private var decoder: FrameDecoder
  /// Not written yet.
  private var outgoing: [UInt8] = []
  private var isInputClosing = false
  private(set) var hasEnded = false

  init(_ command: [String], client: String, usesHeaders: Bool) throws(CommandFailure) {
    (self.client, self.usesHeaders) = (client, usesHeaders)
    child = try startProcess(command)
    var limits = FrameDecoder.Limits()
    limits.maximumFrameBytes = 1 << 30
    decoder = FrameDecoder(limits: limits)
    for descriptor in [child.input, child.output] {
      if let descriptor { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    }
  }

  func send(_ message: String, isRaw: Bool) {
    if isRaw {
      outgoing += message.utf8
    } else if usesHeaders {
      outgoing += "Content-Length: \(message.utf8.count)\r\n\r\n\(message)".utf8
    } else {
      outgoing += "\(message)\n".utf8
    }
    write()
  }

  /// Closes the server's input once everything is written.
  func closeInput() {
    isInputClosing = true
    write()
  }

  func kill() { child.kill() }

  /// Waits for the process, which must have closed its output.
  func wait() -> ChildProcess.ExitStatus { child.wait() }

  /// What `poll` is to wait for.
  var interests: [pollfd] {
    var entries: [pollfd] = []
    if !hasEnded { entries.append(pollfd(fd: child.output, events: Int16(POLLIN), revents: 0)) }
    if let input = child.input, !outgoing.isEmpty {
      entries.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0))
    }
    return entries
  }

  /// Writes what can be written and gives the messages that have come whole; never waits.
  func exchange() -> [String] {
    write()
    var messages: [String] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while !hasEnded {
      let count = buffer.withUnsafeMutableBytes { read(child.output, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { break }
      if count <= 0 {
        hasEnded = true
        collect(decoder.finish(), into: &messages)
      } else {
        buffer.withUnsafeBytes { decoder.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        while let event = decoder.next() { collect(event, into: &messages) }
      }
    }
    return messages
  }

  private func collect(_ event: FrameDecoder.Event?, into messages: inout [String]) {
    switch event {
    case .frame(let range): messages.append(decoder.withBytes(of: range) { String(decoding: $0, as: UTF8.self) })
    case .oversizedLine: messages.append("a message of more than 1 GiB")
    case .broken(let reason): messages.append("a stream that cannot be read: \(reason)")
    case nil: break
    }
  }

  private func write() {
    while !outgoing.isEmpty, let input = child.input {
      let count = outgoing.withUnsafeBytes { CLibrary.write(input, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return }
      if count < 0 {
        // The server reads no more; what it still says is read.
        outgoing = []
        child.closeInput()
        return
      }
      outgoing.removeFirst(count)
    }
    if isInputClosing, outgoing.isEmpty { child.closeInput() }
  }
}
