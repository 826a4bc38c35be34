internal import Basics
internal import CLibrary
internal import Files
internal import JSON
internal import JSONRPC
internal import Transcripts

/// `trimtab replay FILE... [-- SERVER...]`: plays captures against a server and says how its messages differ.
struct ReplayCommand {
  static let help = """
    trimtab replay FILE... [-- SERVER...]   plays the clients of captures against a server (trimtab serve); exit
                                 status 1 where a message differs from the recorded one, where a server ends with
                                 another status than 0, or where a capture has no message; what the server has
                                 started and left behind is ended
      --update                   writes what the server sends now into the files
      --framing headers|lines    how messages are separated; else as the capture says
      --progress                 compares $/progress, too
      --timeout SECONDS          how long a recorded message may take (60)
      --tap                      the result as TAP on standard output
      --junit FILE               the result as JUnit XML
      example: trimtab replay fixtures/transcripts/*.transcript

    """

  private let paths: [String]
  private let command: [String]
  private let updates: Bool
  private let printsTAP: Bool
  private let junitPath: String?
  private let options: Replay.Options

  init(_ arguments: [String]) throws(CommandFailure) {
    let (own, command) = splitCommand(arguments)
    let parsed = try Arguments(
      own, options: ["--framing", "--timeout", "--junit"], flags: ["--update", "--progress", "--tap"])
    guard !parsed.words.isEmpty, command?.isEmpty != true else {
      throw CommandFailure(
        status: .usage,
        message: "expected replay FILE... [-- SERVER...], found "
          + (parsed.words.isEmpty ? "no file" : "no server after --") + "; see trimtab --help")
    }
    paths = parsed.words
    if let command { self.command = command } else { self.command = [ProgramFile.pathOrName, "serve"] }
    (updates, printsTAP, junitPath) = (parsed.has("--update"), parsed.has("--tap"), parsed.text("--junit"))
    var options = Replay.Options(keepsProgress: parsed.has("--progress"))
    options.patienceSeconds = try parsed.number("--timeout", atLeast: 0) ?? options.patienceSeconds
    options.usesHeaders = try parsed.word("--framing", of: ["headers", "lines"]).map { $0 == "headers" }
    self.options = options
  }

  /// - Returns: 1 where something differs.
  func run() throws(CommandFailure) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    let groups = ProcessGroups()
    groups.endOnInterrupt()
    var report = TestReport()
    for path in paths {
      let capture = try readCapture(path)
      let outcome = try Replay.run(capture, against: command, in: groups, options)
      var problems = outcome.failures.map { finding in
        "\(path):\(finding.line.map { "\($0 + 1)" } ?? "-"): \(finding.message)\n"
          + finding.differences.map { "  \($0.text)\n" }.joined()
      }
      problems += outcome.wrongEnds.map { "\(path): \($0)\n" }
      if capture.messages.isEmpty {
        // No server was started, so nothing is known of it.
        problems.append("\(path): expected a message to replay, found none; record a conversation into it\n")
      }
      report.add(path, problems, count: outcome.findings.count, seconds: outcome.seconds)
      if updates, !problems.isEmpty { try writeText(outcome.updated.text, to: path) }
    }
    try writeOutput(printsTAP ? report.tap : report.text)
    if let junitPath { try writeText(report.junit, to: junitPath) }
    return report.hasFailures ? 1 : 0
  }
}

/// Reads a capture.
///
/// - Throws: ``CommandFailure`` with status `noInput` or `badInput`.
func readCapture(_ path: String) throws(CommandFailure) -> Capture {
  let text: String
  do throws(FileError) {
    text = try OpenFile(path).text(atMost: 1 << 31)
  } catch {
    throw CommandFailure(status: .noInput, message: "\(path): expected a capture, found: \(error.found)")
  }
  do throws(Capture.Fault) {
    return try Capture(text)
  } catch {
    throw CommandFailure(
      status: .badInput, message: "\(path):\(error.line): expected \(error.expected), found \(error.found)")
  }
}

func writeText(_ text: String, to path: String) throws(CommandFailure) {
  do throws(FileError) {
    try FileSystem.write(text, to: path)
  } catch {
    throw CommandFailure(status: .cannotWrite, message: "\(path): expected a writable file, found: \(error.found)")
  }
}
