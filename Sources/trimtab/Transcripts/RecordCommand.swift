internal import Basics
internal import CLibrary
internal import JSONRPC
internal import Sessions
internal import Synchronization
internal import Transcripts

/// `trimtab record -- COMMAND...`: stands between a client and any JSON-RPC server and writes what passes to a file.
///
/// One thread passes the bytes on, both ways, and notes them afterwards; another writes the notes to the file, so that
/// the traffic never waits for it.
struct RecordCommand {
  static let help = """
    trimtab record -- COMMAND...   passes messages between this program's standard streams and COMMAND's, and records
                                   them; see protocol-spec/transcripts.md
      --out FILE                   where to record (recorded.transcript)
      --times                      also the time of each message
      --progress                   also $/progress, which differs from run to run
      --redact                     replaces paths and names
      example: trimtab record --out session.transcript -- trimtab serve

    """

  private let path: String
  private let command: [String]
  private let options: Recorder.Options

  init(_ arguments: [String]) throws(CommandFailure) {
    let (own, command) = splitCommand(arguments)
    let parsed = try Arguments(own, options: ["--out"], flags: ["--times", "--progress", "--redact"])
    guard let command, !command.isEmpty, parsed.words.isEmpty else {
      throw CommandFailure(
        status: .usage, message: "expected record [--out FILE] -- COMMAND..., found no command; see trimtab --help")
    }
    self.command = command
    path = parsed.text("--out") ?? "recorded.transcript"
    options = Recorder.Options(
      keepsTimes: parsed.has("--times"), keepsProgress: parsed.has("--progress"), redacts: parsed.has("--redact"))
  }

  /// - Returns: the server's exit status.
  func run() throws(CommandFailure) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    let child = try startProcess(command)
    let recorder = Recorder()
    let (command, options, path) = (command, options, path)
    // A file that cannot be opened is noticed by the recorder, not by the traffic.
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    let openFailure = file < 0 ? String(cString: strerror(errno)) : nil
    let writer = SystemThread {
      recorder.run(command, options) { text in
        openFailure.map { "\(path): \($0)" } ?? writeAll(Array(text.utf8), to: file).map { "\(path): \($0)" }
      }
    }
    forwardSignals(to: child.processID)
    let (input, output) = child.takeDescriptors()
    var relay = Relay(toServer: input, fromServer: output, recorder: recorder)
    relay.runUntilServerIsSilent()
    let rest = relay
    SystemThread {
      var rest = rest
      rest.runUntilClientIsSilent()
    }?.detach()
    let status = child.wait()
    recorder.close()
    writer?.join()
    return status.code
  }
}

/// Writes all bytes; the reason where that fails.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> String? {
  bytes.withUnsafeBytes { bytes in
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return String(cString: strerror(errno)) }
      rest = rest.dropFirst(count)
    }
    return nil
  }
}

private let signalledProcess = Atomic<pid_t>(0)

/// Has the server get the signals that ask this process to end; it then ends when the server has.
private func forwardSignals(to processID: pid_t) {
  signalledProcess.store(processID, ordering: .sequentiallyConsistent)
  for number in [SIGTERM, SIGINT, SIGHUP] {
    // Only calls that a handler may make.
    signal(number) { number in _ = kill(signalledProcess.load(ordering: .sequentiallyConsistent), number) }
  }
}

/// The arguments before `--`, and those after it; nil where there is no `--`.
func splitCommand(_ arguments: [String]) -> (own: [String], command: [String]?) {
  guard let split = arguments.firstIndex(where: { ExactString($0) == "--" }) else { return (arguments, nil) }
  return (Array(arguments[..<split]), Array(arguments[(split + 1)...]))
}
