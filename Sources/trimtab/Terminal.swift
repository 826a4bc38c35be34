internal import CLibrary
internal import Synchronization

/// A progress bar on standard error, shown only to a person: when that is a terminal.
final class ProgressBar: Sendable {
  private let shown = Atomic<Int>(-1)
  private let isTerminal = isatty(STDERR_FILENO) != 0
  private static let width = 40

  /// Shows a done share in 0...1.
  func show(_ share: Double) {
    let percent = Int(share * 100)
    guard isTerminal, percent > shown.load(ordering: .relaxed) else { return }
    shown.store(percent, ordering: .relaxed)
    let filled = percent * Self.width / 100
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
    writeError("\r[\(bar)] \(percent) %")
  }

  /// Removes the bar.
  func finish() {
    if shown.load(ordering: .relaxed) >= 0 { writeError("\r\u{1B}[K") }
  }
}

/// Writes a whole file.
func writeFile(_ path: String, _ text: String) throws(CommandFailure) {
  func failure() -> CommandFailure {
    CommandFailure(
      status: .cannotWrite,
      message: "\(path): expected a writable file, found: \(String(cString: strerror(errno))); check the folder")
  }
  guard let file = fopen(path, "w") else { throw failure() }
  var text = text
  let written = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) }
  let expected = text.utf8.count
  guard fclose(file) == 0, written == expected else { throw failure() }
}
