internal import Basics
internal import CLibrary
internal import JSON
internal import JSONRPC
internal import Sessions
internal import Transcripts
internal import TrimtabServer

/// `trimtab doctor`: what this installation is, and whether a client would get what it expects.
struct DoctorCommand {
  static let help = """
    trimtab doctor               says which version this is, whether it answers as an editor would ask, and whether the
                                 state directory and the roots can be used; changes nothing; exit status 1 where
                                 something cannot
      --state DIR                the state directory ($TRIMTAB_STATE)
      --root DIR                 a folder that file arguments may lie below
      example: trimtab doctor --state ~/.local/state/trimtab

    """

  private let state: String?
  private let root: String?

  init(_ arguments: [String]) throws(CommandFailure) {
    let parsed = try Arguments(arguments, options: ["--state", "--root"], flags: [])
    if let word = parsed.words.first {
      throw CommandFailure(status: .usage, message: "expected options only, found \"\(word)\"; see trimtab --help")
    }
    state = parsed.text("--state") ?? getenv("TRIMTAB_STATE").map { String(cString: $0) }
    root = parsed.text("--root")
  }

  /// - Returns: 1 where something cannot be used.
  func run() throws(CommandFailure) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    let program = ProgramFile.pathOrName
    var isWell = true
    func say(_ what: String, _ text: String, isFault: Bool = false) throws(CommandFailure) {
      if isFault { isWell = false }
      let padding = String(repeating: " ", count: max(1, 10 - what.count))
      try writeOutput("\(isFault ? "FAULT" : "ok   ")  \(what)\(padding)\(text)\n")
    }
    try say("program", "\(program), version \(Version.program)")
    try say("protocol", Version.spoken.joined(separator: ", "))
    // A server that was to keep sessions would fill the directory. One that reads what is kept changes nothing.
    unsetenv("TRIMTAB_STATE")
    let condition = state.map { StateInspection.condition(of: $0) }
    let readsState = if case .success(.begun)? = condition { true } else { false }
    let answer = try ask(program, readsState ? ["--state", state ?? "", "--read-only"] : [])
    if let result = answer?.json["result"], let capabilities = result["capabilities"] {
      let milliseconds = ((answer?.seconds ?? 0) * 1e5).rounded() / 100
      try say(
        "editor",
        "initialize with headers is answered in \(milliseconds) ms; "
          + "\(capabilities["methods"]?.arrayValue?.count ?? 0) methods")
      let directory = state ?? ""
      switch condition {
      case nil: try say("state", "none: sessions end with the process (memory)")
      case .success(.begun)?: try say("state", "\(directory): journal")
      case .success(.empty)?: try say("state", "\(directory): journal, which the first server begins there")
      case .failure(let failure)?: try say("state", failure.message, isFault: true)
      }
    } else if let error = answer?.json["error"], let kind = error["data"]?["kind"]?.stringValue?.text {
      try say(
        kind == "stateUnavailable" ? "state" : "editor", error["message"]?.stringValue?.text ?? kind, isFault: true)
    } else {
      try say("editor", "no answer to initialize", isFault: true)
    }
    if let root {
      let isReadable = access(root, R_OK | X_OK) == 0
      try say(
        "roots", isReadable ? "\(root): readable" : "\(root): \(String(cString: strerror(errno)))",
        isFault: !isReadable)
    } else {
      try say("roots", "none: a client names those that it wants; without any no file is read")
    }
    let memory = Double(SystemMemory.byteCount) / 1e9
    try say("memory", "\((memory * 10).rounded() / 10) GB may be used, half of it for representations")
    try say("limits", "messages of 64 MiB, \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) processors")
    return isWell ? 0 : 1
  }

  /// The answer of a server of this program to an editor's `initialize`; nil where there is none in 10 s.
  private func ask(
    _ program: String, _ options: [String]
  ) throws(CommandFailure) -> (json: JSON, seconds: Double)? {
    let groups = ProcessGroups()
    groups.endOnInterrupt()
    let server = try ServerProcess([program, "serve"] + options, client: "", usesHeaders: true, in: groups)
    let start = monotonicSeconds()
    let request: JSON = [
      "jsonrpc": "2.0", "id": 1, "method": "initialize",
      "params": [
        "processId": .integer(Int64(getpid())), "capabilities": [:], "roots": .array(root.map { [.string($0)] } ?? []),
      ],
    ]
    server.send(Capture.Message(.client, request.text))
    defer { server.end() }
    while monotonicSeconds() - start < 10, !server.hasEnded {
      for case .message(let text) in server.exchange() {
        if let json = try? JSON.parse(text), json["id"] == 1 { return (json, monotonicSeconds() - start) }
      }
      var entries = server.interests
      poll(&entries, nfds_t(entries.count), 100)
    }
    return nil
  }
}
