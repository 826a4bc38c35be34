package import JSONRPC
internal import Sessions

/// Serves one client over two descriptors, and those of other processes that share its state directory, until that
/// client ends it; returns the exit status.
///
/// - Parameters:
///   - input: what the client sends.
///   - interrupts: signals that ask the process to end; nil where the program is not ours.
///   - front: another peer for the client, which it connects with the server's own.
package func runServer(
  _ state: StateOptions, input: Int32, output: Int32, _ options: EventLoop.Options = EventLoop.Options(),
  interrupts: InterruptWatch? = nil,
  behind front: (peer: Peer, connect: (Server, ClientConnection, EventLoop) -> Void)? = nil
) -> Int32 {
  let server = Server(pool: WorkerPool(), state: state)
  let client = server.connect()
  let loop = EventLoop(peer: front?.peer ?? client.peer, input: input, output: output, options: options)
  loop.reportHold = { logToStandardError("hold: \(Int($0 * 1e6)) us of CPU time without a look at the input") }
  if let interrupts { loop.attach(interrupts.mailbox) { [unowned loop] _ in loop.interrupt() } }
  loop.attach(server.computations.mailbox) { server.computations.handle($0) }
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
  loop.endTurn = { [unowned server] in server.startCommits() }
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
