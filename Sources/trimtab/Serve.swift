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
  let server = Server(pool: WorkerPool(), state: state)
  let client = server.connect()
  let loop = EventLoop(peer: front?.peer ?? client.peer, input: input, output: output, options: options)
  loop.reportHold = { logToStandardError("hold: \(Int($0 * 1e6)) us of CPU time without a look at the input") }
  loop.attach(interrupts.mailbox) { [unowned loop] _ in loop.interrupt() }
  loop.attach(server.jobs.mailbox) { server.jobs.handle($0) }
  client.watchParent = { [unowned loop] processID in
    guard !loop.watchParent(processID) else { return }
    logToStandardError("processId \(processID) is no ancestor of this process, so its end is not watched")
  }
  client.end = { [unowned loop] in loop.finish($0) }
  let participant = Participant(client, on: loop)
  var journals: SessionJournals?
  server.watchJournals = { [unowned loop, unowned server] opened in
    journals = opened
    loop.attach(opened.mailbox) { server.handle($0) }
  }
  front?.connect(server, client, loop)
  let status = withExtendedLifetime(server) { loop.run() }
  // What was accepted is kept, also where its answer cannot leave any more.
  journals?.finish()
  // What that made durable may be shown to the clients of other processes, which go on with another owner.
  server.handleCommits()
  loop.flushGuests()
  participant.finish()
  return status
}
