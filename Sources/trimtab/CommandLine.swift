internal import Basics
internal import CLibrary
internal import JSON
internal import JSONRPC
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

  /// What each means, for help.
  static let meanings = [
    ("0", "Success; serve: after shutdown and exit, or at the end of input."),
    ("1", "serve: any other end; replay, conformance, check and doctor: something is wrong."),
    ("2", "check: a file cannot be read."),
    ("64", "The command line was not understood."), ("65", "The input is invalid."),
    ("66", "A file cannot be read, or a program cannot be started."), ("73", "A file cannot be written."),
  ]
}

/// Why a command ended without its result.
struct CommandFailure: Error {
  let status: ExitStatus
  /// What was expected, what was found, and how to correct it.
  let message: String
}

/// Starts a program that a command names; in `groups`, where it is to end with all that it starts.
func startProcess(_ command: [String], in groups: ProcessGroups? = nil) throws(CommandFailure) -> ChildProcess {
  do throws(ChildProcess.Failure) {
    if let groups { return try groups.start(command) }
    return try ChildProcess(command)
  } catch {
    throw CommandFailure(status: .noInput, message: error.message)
  }
}

private let usage = """
  trimtab: at which GPU clocks to train, and which model.

  usage: trimtab COMMAND ...    trimtab COMMAND --help says more
         trimtab --version, -V
         trimtab --help, -h


  """

private var help: String {
  let commands = CommandReference.all.map { command in
    command.name + String(repeating: " ", count: max(2, 13 - command.name.count))
      + CommandReference.wrapped(command.summary, 65).joined(separator: "\n             ")
  }
  let statuses = ExitStatus.meanings.flatMap { status, meaning in
    CommandReference.wrapped(meaning, 66).enumerated().map { ($0 == 0 ? "  \(status)  ".padded(to: 6) : "      ") + $1 }
  }
  return usage + commands.joined(separator: "\n") + "\n\n"
    + CommandReference.all.map { $0.text() }.joined(separator: "\n")
    + "\nExit status:\n" + statuses.joined(separator: "\n") + "\n"
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// Runs the command that the arguments name and gives the process's exit status.
func runCommandLine(_ arguments: [String]) -> Int32 {
  do throws(CommandFailure) {
    let rest = Array(arguments.dropFirst())
    let first = arguments.first.map { ExactString($0) }
    // What stands after `--` belongs to another program.
    let own = rest.lazy.map { ExactString($0) }.prefix { $0 != "--" }
    if let command = first.flatMap({ CommandReference[$0] }), own.contains("--help") || own.contains("-h") {
      try writeOutput(command.text())
      return ExitStatus.success.rawValue
    }
    switch first {
    case nil where isatty(STDIN_FILENO) != 0: try writeOutput(help)
    case "--help", "-h", "help":
      if let command = rest.first.flatMap({ CommandReference[ExactString($0)] }), rest.count == 1 {
        try writeOutput(command.text())
      } else {
        try Arguments.none(after: "help", rest)
        try writeOutput(help)
      }
    case "--version", "-V":
      try Arguments.none(after: "--version", rest)
      try writeOutput("trimtab \(Version.program)\n")
    case nil, "serve": return try serve(options: arguments.dropFirst())
    case "--stdio", "--state", "--read-only": return try serve(options: arguments[...])
    case "frontier": try FrontierCommand(rest).run()
    case "schedule": try ScheduleCommand(rest).run()
    case "similarity": try SimilarityCommand(rest).run()
    case "select": try SelectCommand(rest).run()
    case "init":
      var command = try InitCommand(rest)
      try command.run()
    case "check": return try CheckCommand(rest).run()
    case "journal": try JournalCommand(rest).run()
    case "record": return try RecordCommand(rest).run()
    case "replay": return try ReplayCommand(rest).run()
    case "view": try ViewCommand(rest).run()
    case "transcript": try TranscriptCommand(rest).run()
    case "conformance": return try ConformanceCommand(rest).run()
    case "doctor": return try DoctorCommand(rest).run()
    case "mcp": return try MCPCommand(rest).run()
    case "completion": try CompletionCommand(rest).run()
    case "manual":
      try Arguments.none(after: "manual", rest)
      try writeOutput(ManualPage.text)
    case .some(let other):
      let names = CommandReference.all.map(\.name)
      let near = UnknownField.nearest(to: other.text, among: names)
      throw CommandFailure(
        status: .usage,
        message: "expected \(names.joined(separator: ", ")), --help or --version, found \(Preview.quoted(other)); "
          + (near.map { "did you mean \($0)?" } ?? "see trimtab --help"))
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
