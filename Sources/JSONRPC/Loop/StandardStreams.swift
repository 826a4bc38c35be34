internal import CLibrary

/// Moves standard output to a descriptor of its own, not inherited by child processes, and returns that.
///
/// Whatever the program or a library prints afterwards goes to standard error and cannot corrupt the stream.
/// Returns -1 if there is no standard output.
package func takeStandardOutput() -> Int32 {
  let output = duplicate(STDOUT_FILENO)
  // Also where it was closed: whatever is opened next would take its number, and prints would go there.
  _ = retryingInterrupts { dup2(STDERR_FILENO, STDOUT_FILENO) }
  return output
}

/// Moves standard input to a descriptor of its own, not inherited by child processes, and returns that.
///
/// Whatever reads standard input afterwards finds it empty. Returns -1 if there is no standard input.
package func takeStandardInput() -> Int32 {
  let input = duplicate(STDIN_FILENO)
  let empty = open("/dev/null", O_RDONLY | O_CLOEXEC)
  if empty >= 0 {
    _ = retryingInterrupts { dup2(empty, STDIN_FILENO) }
    if empty != STDIN_FILENO { _ = close(empty) }
  }
  return input
}

/// A copy above the three standard descriptors, closed on exec.
private func duplicate(_ descriptor: Int32) -> Int32 {
  fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
}
