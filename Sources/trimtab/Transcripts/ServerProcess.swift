internal import Basics
internal import CLibrary
internal import JSONRPC
internal import Transcripts

/// A server that runs beside this program, spoken to in messages; neither side ever waits for the other to read.
final class ServerProcess {
  let client: ExactString
  private let child: ChildProcess
  private let groups: ProcessGroups
  private let usesHeaders: Bool
  private var decoder: FrameDecoder
  /// Not written yet.
  private var outgoing: [UInt8] = []
  private var isInputClosing = false
  private(set) var hasEnded = false

  /// - Parameter groups: gets a group for it, which ``end(waiting:)`` ends.
  init(_ command: [String], client: ExactString, usesHeaders: Bool, in groups: ProcessGroups) throws(CommandFailure) {
    (self.client, self.usesHeaders, self.groups) = (client, usesHeaders, groups)
    child = try startProcess(command, in: groups)
    var limits = FrameDecoder.Limits()
    limits.maximumFrameBytes = 1 << 30
    decoder = FrameDecoder(limits: limits)
    for descriptor in [child.input, child.output] {
      if let descriptor { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    }
  }

  func send(_ message: Capture.Message) {
    outgoing += message.bytes(withHeaders: usesHeaders)
    write()
  }

  /// Closes the server's input once everything is written.
  func closeInput() {
    isInputClosing = true
    write()
  }

  /// Gives the process some seconds to end by itself, and then ends it, with all that it has started.
  ///
  /// - Returns: its status; nil where it was ended before.
  @discardableResult
  func end(waiting seconds: Double = 0) -> ChildProcess.ExitStatus? {
    child.closeInput()
    return groups.end(child.processID, waiting: seconds)
  }

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
  func exchange() -> [Capture.Message.Content] {
    write()
    var messages: [Capture.Message.Content] = []
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

  private func collect(_ event: FrameDecoder.Event?, into messages: inout [Capture.Message.Content]) {
    switch event {
    case .frame(let range):
      let usesHeaders = decoder.framing == .headers
      messages.append(decoder.withBytes(of: range) { RawBytes.content($0, withHeaders: usesHeaders) })
    case .oversizedLine: messages.append(.message("a message of more than 1 GiB"))
    case .broken(let reason): messages.append(.message("a stream that cannot be read: \(reason)"))
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
