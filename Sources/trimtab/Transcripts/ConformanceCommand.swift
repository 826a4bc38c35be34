internal import Basics
internal import CLibrary
internal import Files
internal import JSON
internal import JSONRPC
internal import Transcripts

/// `trimtab conformance -- SERVER...`: checks how any JSON-RPC server keeps to the base protocol.
///
/// Each check is a file: a transcript that says what must come, played against a server of its own.
struct ConformanceCommand {
  static let help = """
    trimtab conformance -- SERVER...   checks how any JSON-RPC 2.0 server on standard streams keeps to the standard,
                                 to the lifecycle of the Language Server Protocol and to what it declares; exit status
                                 1 where it does not
      --framing headers|lines    how messages are separated (headers)
      --checks FOLDER            other checks, as transcripts; see protocol-spec/conformance
      --level base|lifecycle|declared  only the checks of JSON-RPC itself, only those of the lifecycle, or only those of
                                 what the server declares in its capabilities
      --timeout SECONDS          how long an answer may take (5)
      --junit FILE, --tap        as for replay
      example: trimtab conformance -- trimtab serve

    """

  private let command: [String]
  private let folder: String
  private let usesHeaders: Bool
  private let level: ExactString?
  private let patienceSeconds: Double
  private let printsTAP: Bool
  private let junitPath: String?

  init(_ arguments: [String]) throws(CommandFailure) {
    let (own, command) = splitCommand(arguments)
    let parsed = try Arguments(
      own, options: ["--framing", "--checks", "--level", "--timeout", "--junit"], flags: ["--tap"])
    guard let command, !command.isEmpty, parsed.words.isEmpty else {
      throw CommandFailure(
        status: .usage, message: "expected conformance -- SERVER..., found no server; see trimtab --help")
    }
    self.command = command
    usesHeaders = try parsed.word("--framing", of: ["headers", "lines"]) != "lines"
    level = try parsed.word("--level", of: ["base", "lifecycle", "declared"])
    patienceSeconds = try parsed.number("--timeout", atLeast: 0) ?? 5
    (printsTAP, junitPath) = (parsed.has("--tap"), parsed.text("--junit"))
    if let checks = parsed.text("--checks") {
      // A run without a check would pass.
      guard Self.hasChecks(checks) else {
        throw CommandFailure(
          status: .noInput, message: "--checks: expected a folder with .transcript files, found none in \"\(checks)\"")
      }
      folder = checks
    } else {
      folder = try Self.defaultFolder()
    }
  }

  private static func checks(in folder: String) -> [String] {
    FileSystem.names(in: folder).filter { ExactString($0).hasSuffix(".transcript") }
  }

  private static func hasChecks(_ folder: String) -> Bool {
    !checks(in: folder).isEmpty
  }

  /// Beside the program as it is installed, or in the repository.
  private static func defaultFolder() throws(CommandFailure) -> String {
    let program = ProgramFile.pathOrName
    let parent = program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "."
    let places = ["\(parent)/../share/trimtab/conformance", "protocol-spec/conformance"]
    guard let found = places.first(where: hasChecks) else {
      throw CommandFailure(
        status: .noInput, message: "expected checks in \(places.joined(separator: " or ")), found none; use --checks")
    }
    return found
  }

  /// Whether the first answer of a check, that to `initialize`, has a capability, not as null or false. A server that
  /// does not answer is not one that declares nothing: there the check counts, and fails.
  private static func isDeclared(_ capability: ExactString, _ outcome: Replay.Outcome, _ capture: Capture) -> Bool {
    let first = capture.lines.firstIndex {
      if case .message(let message) = $0 { message.sender == .server } else { false }
    }
    guard let first, case .message(let text) = outcome.received[first], let answer = try? JSON.parse(text) else {
      return true
    }
    guard let value = answer["result"]?["capabilities"]?[capability.text] else { return false }
    return value != .null && value != false
  }

  /// - Returns: 1 where a check fails.
  func run() throws(CommandFailure) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    let groups = ProcessGroups()
    groups.endOnInterrupt()
    var report = TestReport()
    for name in Self.checks(in: folder) {
      let capture = try readCapture("\(folder)/\(name)")
      let level = capture.setting("level").first ?? "base"
      // A check of one framing's bytes says nothing about the other.
      let framing = capture.setting("framing").first
      guard self.level ?? level == level, framing == nil || framing == (usesHeaders ? "headers" : "lines") else {
        continue
      }
      var options = Replay.Options(usesHeaders: usesHeaders, isOpen: true)
      options.patienceSeconds = patienceSeconds
      let outcome = try Replay.run(capture, against: command, in: groups, options)
      let problems = outcome.failures.map { finding in
        finding.differences.map { "  \(finding.message), \($0.text)\n" }.joined()
      }
      let seconds = outcome.seconds
      let title = capture.lines.first.map {
        String(Capture.text(of: $0).unicodeScalars.drop { $0 == "#" || $0 == " " })
      }
      let check = "\(level): \(title.flatMap { $0.isEmpty ? nil : $0 } ?? name)"
      if let capability = capture.setting("declares").first, !Self.isDeclared(capability, outcome, capture) {
        report.skip(check, "\(capability) is not declared", seconds: seconds)
      } else {
        report.add(check, problems, count: outcome.findings.count, seconds: seconds)
      }
    }
    if report.isEmpty {
      // Nothing that was checked is nothing that was found right.
      let level = level.map { " of level \($0)" } ?? ""
      throw CommandFailure(
        status: .noInput,
        message: "\(folder): expected checks (*.transcript)\(level) for framing \(usesHeaders ? "headers" : "lines"), "
          + "found none; use --checks")
    }
    try writeOutput(printsTAP ? report.tap : report.text)
    if let junitPath { try writeText(report.junit, to: junitPath) }
    return report.hasFailures ? 1 : 0
  }
}
