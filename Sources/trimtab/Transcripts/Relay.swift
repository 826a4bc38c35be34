internal import CLibrary
internal import JSONRPC
internal import Transcripts

/// Passes bytes between a client on the standard streams and a server, both ways, on the calling thread.
///
/// One thread for both, because the other side's turn begins when this one ends: a thread for each direction, and one
/// that is woken for each message to record it, cost the processors of a round trip more than the round trip. Bytes go
/// on before they are noted. Nothing but `poll` waits, so that an end that reads slowly holds up only what is for it.
struct Relay: Sendable {
  /// From one end to the other.
  private struct Direction: Sendable {
    let sender: Capture.Sender
    let source: Int32
    let sink: OutputDescriptor
    /// What the sink had no room for; nothing is read until that is gone.
    var waiting = OutputBuffer()
    /// Whether more can go to the sink.
    var isOpen = true

    /// What `poll` is to look for.
    var interests: (source: pollfd, sink: pollfd) {
      (
        pollfd(fd: isOpen && waiting.isEmpty ? source : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: isOpen && !waiting.isEmpty ? sink.descriptor : -1, events: Int16(POLLOUT), revents: 0)
      )
    }

    /// Reads what is there and writes it on, or writes what has waited.
    ///
    /// - Returns: when bytes were noted; nil where none came.
    mutating func pass(through buffer: UnsafeMutableRawBufferPointer, to recorder: Recorder) -> Double? {
      guard waiting.isEmpty else {
        write()
        return nil
      }
      let count = read(source, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR || errno == EAGAIN { return nil }
      guard count > 0 else {
        end()
        return nil
      }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      waiting.append(bytes)
      write()
      // An answer is read later than its request, by this same thread: it never stands before it.
      return recorder.add(bytes, from: sender)
    }

    private mutating func write() {
      if sink.write(&waiting) == .failed { end() }
    }

    /// Closes both ends, so that each side notices what the other did as it would without us.
    private mutating func end() {
      isOpen = false
      close(source)
      close(sink.descriptor)
    }
  }

  private static let readBytes = 64 << 10
  /// How long the traffic pauses, in milliseconds, before the thread that writes the file is woken: it would take its
  /// processor from the two that talk.
  private static let pauseMilliseconds: Int32 = 5
  /// How long it sleeps at most while the traffic does not pause, in seconds.
  private static let mostWakeSeconds = 0.05

  private let recorder: Recorder
  private var toServer: Direction
  private var toClient: Direction
  /// Since when there are notes that the recorder's thread has not been woken for.
  private var oldestNote: Double?

  /// - Parameter toServer: and `fromServer` are closed by the relay.
  init(toServer: Int32, fromServer: Int32, recorder: Recorder) {
    self.recorder = recorder
    self.toServer = Direction(sender: .client, source: STDIN_FILENO, sink: OutputDescriptor(toServer))
    toClient = Direction(sender: .server, source: fromServer, sink: OutputDescriptor(STDOUT_FILENO))
  }

  /// Runs until the server has closed its output, and that has gone, or the client has closed its input.
  mutating func runUntilServerIsSilent() { run { $0.toClient.isOpen } }

  /// Runs until the client has closed its output, or the server its input.
  mutating func runUntilClientIsSilent() { run { $0.toServer.isOpen } }

  private mutating func run(while goesOn: (borrowing Relay) -> Bool) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readBytes, alignment: 16)
    defer { buffer.deallocate() }
    var entries = [pollfd](repeating: pollfd(), count: 4)
    while goesOn(self) {
      (entries[0], entries[1]) = toServer.interests
      (entries[2], entries[3]) = toClient.interests
      let count = poll(&entries, nfds_t(entries.count), oldestNote == nil ? -1 : Self.pauseMilliseconds)
      if count == 0 { wakeRecorder() }
      guard count > 0 else { continue }
      if entries[0].revents | entries[1].revents != 0 { note(toServer.pass(through: buffer, to: recorder)) }
      if entries[2].revents | entries[3].revents != 0 { note(toClient.pass(through: buffer, to: recorder)) }
    }
    if oldestNote != nil { wakeRecorder() }
  }

  private mutating func note(_ time: Double?) {
    guard let time else { return }
    let oldest = oldestNote ?? time
    oldestNote = oldest
    if time - oldest > Self.mostWakeSeconds { wakeRecorder() }
  }

  private mutating func wakeRecorder() {
    oldestNote = nil
    recorder.wake()
  }
}
