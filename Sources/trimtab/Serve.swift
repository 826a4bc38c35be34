internal import CLibrary
internal import JSONRPC
internal import Sessions
internal import TrimtabServer

/// Serves as the options ask; editors add `--stdio` to say how they speak, and there is no other way.
func serve(options: ArraySlice<String>) throws(CommandFailure) -> Int32 {
  let arguments = try Arguments(
    Array(options), options: ["--state", "--log-holds", "--from"],
    flags: ["--stdio", "--state-on-network", "--read-only"])
  if let word = arguments.words.first {
    throw CommandFailure(
      status: .usage, message: "expected options after serve, found \"\(word)\"; see trimtab --help")
  }
  if let path = arguments.text("--from") {
    var server = MockServer(try readCapture(path))
    return server.run()
  }
  let environment = getenv("TRIMTAB_STATE").map { String(cString: $0) }
  let directory = arguments.text("--state") ?? environment
  if directory?.isEmpty ?? false {
    throw CommandFailure(
      status: .usage, message: "expected a folder in --state or TRIMTAB_STATE, found an empty path")
  }
  var loopOptions = EventLoop.Options()
  loopOptions.reportedHoldSeconds = try arguments.number("--log-holds", atLeast: 0).map { $0 / 1000 }
  let state = StateOptions(
    directory: directory, allowsNetwork: arguments.has("--state-on-network"), isReadOnly: arguments.has("--read-only"))
  return serve(state, loopOptions)
}

/// Serves JSON-RPC on the standard streams until the client ends it; returns the exit status.
///
/// - Parameter front: another peer for the client on the standard streams, which it connects with the server's own.
func serve(
  _ state: StateOptions, _ options: EventLoop.Options = EventLoop.Options(),
  behind front: (peer: Peer, connect: (Server, ClientConnection, EventLoop) -> Void)? = nil
) -> Int32 {
  // A file that may grow no further must show as an error of `write`, not end the process.
  signal(SIGXFSZ, SIG_IGN)
  // First of all, so that nothing printed by accident can reach the stream.
  let output = takeStandardOutput()
  let input = takeStandardInput()
  let interrupts = InterruptWatch()
  return runServer(state, input: input, output: output, options, interrupts: interrupts, behind: front)
}
