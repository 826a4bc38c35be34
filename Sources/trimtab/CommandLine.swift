internal import CLibrary
internal import TrimtabServer

/// The process's exit status, after the C library's `sysexits.h` where it has one.
enum ExitStatus: Int32 {
  case success = 0
  /// The command line was not understood.
  case usage = 64
  /// The input was read but is invalid.
  case badInput = 65
  /// An input file cannot be read.
  case noInput = 66
  /// An output file cannot be written.
  case cannotWrite = 73
}

/// Why a command ended without its result.
struct CommandFailure: Error {
  let status: ExitStatus
  /// What was expected, what was found, and how to correct it.
  let message: String
}

private let help = """
  trimtab: at which GPU clocks to run each step of pipeline-parallel training.

  usage: trimtab [serve] [--state DIR]       JSON-RPC 2.0 on standard input and output
                                             (the default when standard input is not a terminal);
                                             sessions are kept in DIR, or in $TRIMTAB_STATE;
                                             serve --read-only changes nothing: it joins the process that
                                             owns DIR, or reads the journals as they are
                                             serve --log-holds MS writes a line to standard error when the
                                             server computed for MS milliseconds without a look at its input
         trimtab frontier PROFILE.csv ...    the time-energy frontier of a measured profile
         trimtab schedule ...                a pipeline schedule as CSV
         trimtab similarity A.npy B.npy ...  how alike models are, from what they make of the same samples
         trimtab journal ...                 the journals of a state directory
         trimtab select [POOL.json] ...      a search over recorded learning curves
         trimtab --help | --version

  \(FrontierCommand.help)
  \(ScheduleCommand.help)
  \(SimilarityCommand.help)
  \(SelectCommand.help)
  \(JournalCommand.help)
  exit status: 0 success, 64 usage, 65 bad input, 66 unreadable file, 73 unwritable file;
  serve: 0 after shutdown and exit or at the end of input, 1 otherwise.

  """

/// Runs the command that the arguments name and gives the process's exit status.
func runCommandLine(_ arguments: [String]) -> Int32 {
  do throws(CommandFailure) {
    switch arguments.first {
    case nil where isatty(STDIN_FILENO) != 0, "--help", "-h", "help": try writeOutput(help)
    case "--version": try writeOutput("trimtab \(Version.program)\n")
    case "frontier" where arguments.contains("--help") || arguments.contains("-h"),
      "schedule" where arguments.contains("--help") || arguments.contains("-h"),
      "similarity" where arguments.contains("--help") || arguments.contains("-h"),
      "select" where arguments.contains("--help") || arguments.contains("-h"),
      "journal" where arguments.contains("--help") || arguments.contains("-h"):
      try writeOutput(help)
    case "journal": try JournalCommand(Array(arguments.dropFirst())).run()
    case "select": try SelectCommand(Array(arguments.dropFirst())).run()
    case "schedule": try ScheduleCommand(Array(arguments.dropFirst())).run()
    case "frontier": try FrontierCommand(Array(arguments.dropFirst())).run()
    case "similarity": try SimilarityCommand(Array(arguments.dropFirst())).run()
    case nil, "serve":
      return try serve(options: arguments.dropFirst())
    case "--stdio", "--state", "--read-only": return try serve(options: arguments[...])
    case .some(let other):
      throw CommandFailure(
        status: .usage,
        message:
          "expected serve, frontier, schedule, similarity, select, journal, --help or --version, found \"\(other)\"; "
          + "see trimtab --help"
      )
    }
    return ExitStatus.success.rawValue
  } catch {
    writeError("trimtab: \(error.message)\n")
    return error.status.rawValue
  }
}

/// Writes all of a text to standard output.
///
/// - Throws: ``CommandFailure`` with status `cannotWrite`, for instance when a disk is full.
func writeOutput(_ text: String) throws(CommandFailure) {
  // A reader that has closed the pipe, such as `head`, is no failure.
  if let reason = write(text, to: STDOUT_FILENO), reason != EPIPE {
    throw CommandFailure(
      status: .cannotWrite,
      message: "expected a writable standard output, found: \(String(cString: strerror(reason))); send it elsewhere")
  }
}

/// Writes all of a text to standard error; a failure to do so cannot be reported anywhere.
func writeError(_ text: String) { _ = write(text, to: STDERR_FILENO) }

/// Nil, or the error's number.
private func write(_ text: String, to descriptor: Int32) -> Int32? {
  var text = text
  return text.withUTF8 { bytes in
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = write(descriptor, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return errno }
      rest = rest.dropFirst(count)
    }
    return nil
  }
}
