internal import CLibrary
internal import Files
internal import JSONRPC
internal import Sessions
internal import Synchronization

/// A progress bar on standard error, shown only when that is a terminal.
final class ProgressBar: Sendable {
  private let shown = Atomic<Int>(-1)
  private let isTerminal = isatty(STDERR_FILENO) != 0
  private let start = monotonicSeconds()
  private static let width = 40

  /// Shows the completed share of the work, in 0...1.
  func show(_ share: Double) {
    let percent = Int(share * 100)
    guard isTerminal, percent > shown.load(ordering: .relaxed) else { return }
    shown.store(percent, ordering: .relaxed)
    let filled = percent * Self.width / 100
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
    let elapsed = monotonicSeconds() - start
    let remaining = percent > 0 ? elapsed * Double(100 - percent) / Double(percent) : 0
    writeError(
      "\r[\(bar)] \(percent) %, \(Int(elapsed)) s"
        + (percent > 0 ? ", about \(Int(remaining)) s left" : "") + "\u{1B}[K")
  }

  /// Removes the bar.
  func finish() {
    if shown.load(ordering: .relaxed) >= 0 { writeError("\r\u{1B}[K") }
  }
}

/// Reads a whole text file; `path` may be a `file:` URI.
func readFile(_ path: String, atMost limit: Int = Limits.profileBytes) throws(CommandFailure) -> String {
  do throws(FileError) {
    return try OpenFile(path).text(atMost: limit)
  } catch {
    throw CommandFailure(
      status: .noInput,
      message:
        "\(path): expected a readable UTF-8 file of at most \(limit) bytes, found: \(error.found); check the path")
  }
}

/// Writes a whole file.
func writeFile(_ path: String, _ text: String) throws(CommandFailure) {
  do throws(FileError) {
    try FileSystem.write(text, to: path)
  } catch {
    throw CommandFailure(
      status: .cannotWrite, message: "\(path): expected a writable file, found: \(error.found); check the folder")
  }
}
