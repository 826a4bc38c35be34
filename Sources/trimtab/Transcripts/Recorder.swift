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

  /// Bytes that passed, and how they were split.
  private struct Batch {
    struct Chunk {
      let sender: Capture.Sender
      let byteCount: Int
      let seconds: Double
    }

    var bytes: [UInt8] = []
    var chunks: [Chunk] = []

    func withChunks(_ body: (UnsafeRawBufferPointer, Chunk) -> Void) {
      bytes.withUnsafeBytes { bytes in
        var start = 0
        for chunk in chunks {
          body(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + chunk.byteCount)]), chunk)
          start += chunk.byteCount
        }
      }
    }

    /// Keeps the room.
    mutating func removeAll() {
      bytes.removeAll(keepingCapacity: true)
      chunks.removeAll(keepingCapacity: true)
    }
  }

  private struct Queue {
    /// Those that are full; more is added to the last.
    var batches: [Batch] = [Batch()]
    var byteCount = 0
    var isClosed = false
    var isFull = false
  }

  /// More than this is not kept in memory while the file is slow; recording then ends.
  private static let mostWaitingBytes = 256 << 20
  /// Where a batch ends: one that grew without end would be moved whole while the traffic waits.
  private static let batchBytes = 1 << 20

  private let queue = Mutex(Queue())
  private let signal = Signal()
  private let start = monotonicSeconds()

  /// Adds bytes that have passed. Waits for nothing, and allocates nothing while the file keeps up.
  ///
  /// - Returns: the time, of ``monotonicSeconds()``.
  func add(_ bytes: UnsafeRawBufferPointer, from sender: Capture.Sender) -> Double {
    let now = monotonicSeconds()
    let wakes = queue.withLock { queue in
      guard !queue.isFull else { return false }
      queue.isFull = queue.byteCount + bytes.count > Self.mostWaitingBytes
      guard !queue.isFull else { return true }
      queue.byteCount += bytes.count
      var last = queue.batches.count - 1
      let isBatchFull = queue.batches[last].bytes.count + bytes.count > Self.batchBytes
      if isBatchFull {
        queue.batches.append(Batch())
        last += 1
      }
      queue.batches[last].bytes.append(contentsOf: bytes)
      queue.batches[last].chunks.append(
        Batch.Chunk(sender: sender, byteCount: bytes.count, seconds: now - start))
      return isBatchFull
    }
    if wakes { wake() }
    return now
  }

  /// Has what was added written. Each call may take a processor from those who talk.
  func wake() { signal.send() }

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
    var spare = Batch()
    while true {
      // Moved, not copied: the room of what was written before is used again.
      var batches = [spare]
      spare = Batch()
      let (isClosed, isFull) = queue.withLock { queue in
        swap(&batches, &queue.batches)
        queue.byteCount = 0
        return (queue.isClosed, queue.isFull)
      }
      if failure == nil {
        var text = isFirst ? writer.head(command) : ""
        isFirst = false
        for batch in batches {
          batch.withChunks { bytes, chunk in
            writer.add(bytes, from: chunk.sender, seconds: chunk.seconds, to: &text)
          }
        }
        if isFull { text += "# The file was too slow to follow; what came after this is not recorded.\n" }
        if isClosed { writer.finish(at: monotonicSeconds() - start, to: &text) }
        if !text.isEmpty { failure = write(text) }
        if let failure { writeError("trimtab: the recording ends: \(failure); the traffic goes on\n") }
      }
      spare = batches.removeFirst()
      let wasEmpty = spare.chunks.isEmpty
      spare.removeAll()
      if isClosed { return }
      if wasEmpty || failure != nil { signal.wait() }
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
