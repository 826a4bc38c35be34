internal import CLibrary

/// Says that the program itself is wrong: traps in debug builds, else writes to standard error and goes on.
func reportFault(_ message: String) {
  assertionFailure(message)
  logToStandardError("fault: \(message)")
}

/// Writes one line to standard error; what cannot be written is lost.
package func logToStandardError(_ message: String) {
  var line = message + "\n"
  line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
