internal import CLibrary
internal import JSON
internal import JSONRPC
internal import Sessions
internal import Synchronization
internal import Transcripts

/// Writes what passes between a client and a server to a file, on a thread of its own: those who pass messages on only
/// add bytes to a queue. Whatever happens to the file, they never notice.
final class Recorder: Sendable {
  struct Options: Sendable {
    var keepsTimes = false
    var keepsProgress = false
    var redacts = false
  }

  private struct Chunk {
    let sender: Capture.Sender
    let bytes: [UInt8]
    let seconds: Double
  }

  private struct Queue {
    var chunks: [Chunk] = []
    var byteCount = 0
    var isClosed = false
    var isFull = false
  }

  /// More than this is not kept in memory while the file is slow; recording then ends.
  private static let mostWaitingBytes = 256 << 20

  private let queue = Mutex(Queue())
  private let signal = Signal()
  private let start = monotonicSeconds()

  /// Adds bytes that pass. Never waits for the file.
  func add(_ bytes: UnsafeRawBufferPointer, from sender: Capture.Sender) {
    let chunk = Chunk(sender: sender, bytes: Array(bytes), seconds: monotonicSeconds() - start)
    let wakes = queue.withLock { queue in
      guard !queue.isFull else { return false }
      queue.isFull = queue.byteCount + chunk.bytes.count > Self.mostWaitingBytes
      guard !queue.isFull else { return true }
      queue.chunks.append(chunk)
      queue.byteCount += chunk.bytes.count
      return queue.chunks.count == 1
    }
    if wakes { signal.send() }
  }

  /// Says that no more will pass.
  func close() {
    queue.withLock { $0.isClosed = true }
    signal.send()
  }

  /// Writes until ``close()``; for the recorder's own thread.
  ///
  /// - Parameter write: writes to the file, and says why where it fails.
  func run(_ command: [String], _ options: Options, write: (String) -> String?) {
    var writer = CaptureWriter(options)
    var failure: String?
    var isFirst = true
    while true {
      let (chunks, isClosed, isFull) = queue.withLock { queue in
        defer { (queue.chunks, queue.byteCount) = ([], 0) }
        return (queue.chunks, queue.isClosed, queue.isFull)
      }
      if failure == nil {
        var text = isFirst ? writer.head(command) : ""
        isFirst = false
        for chunk in chunks { writer.add(chunk.bytes, from: chunk.sender, seconds: chunk.seconds, to: &text) }
        if isFull { text += "# The file was too slow to follow; what came after this is not recorded.\n" }
        if isClosed { writer.finish(at: monotonicSeconds() - start, to: &text) }
        if !text.isEmpty { failure = write(text) }
        if let failure { writeError("trimtab: the recording ends: \(failure); the traffic goes on\n") }
      }
      if isClosed { return }
      if chunks.isEmpty || failure != nil { signal.wait() }
    }
  }
}

/// Wakes a thread that waits; one that comes early is not lost.
private final class Signal: Sendable {
  private let ends: (read: Int32, write: Int32)

  init() {
    var ends: [Int32] = [-1, -1]
    // Without a pipe the writer looks all the time, which costs a core and loses nothing.
    if pipe(&ends) == 0 {
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      _ = fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK)
    }
    self.ends = (ends[0], ends[1])
  }

  func send() {
    var byte: UInt8 = 0
    _ = write(ends.write, &byte, 1)
  }

  func wait() {
    var bytes = [UInt8](repeating: 0, count: 256)
    _ = read(ends.read, &bytes, bytes.count)
  }
}
