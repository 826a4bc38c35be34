internal import JSONRPC
internal import Sessions
internal import TrimtabServer

/// Serves as the options ask; editors add `--stdio` to say how they speak, and there is no other way.
func serve(options: ArraySlice<String>) throws(CommandFailure) -> Int32 {
  if let unknown = options.first(where: { $0 != "--stdio" }) {
    throw CommandFailure(
      status: .usage, message: "expected nothing or --stdio after serve, found \"\(unknown)\"; see trimtab --help")
  }
  return serve()
}

/// Serves JSON-RPC on the standard streams until the client ends it; returns the exit status.
private func serve() -> Int32 {
  // First of all, so that nothing printed by accident can reach the stream.
  let output = takeStandardOutput()
  let input = takeStandardInput()
  let interrupts = InterruptWatch()
  let peer = Peer()
  let loop = EventLoop(peer: peer, input: input, output: output)
  loop.attach(interrupts.mailbox) { _ in loop.interrupt() }
  func watchParent(_ processID: Int32) {
    guard !loop.watchParent(processID) else { return }
    logToStandardError("processId \(processID) is no ancestor of this process, so its end is not watched")
  }
  let server = Server(
    peer: peer, pool: WorkerPool(), watchParent: watchParent, end: { loop.finish($0) })
  loop.attach(server.jobs.mailbox) { server.jobs.handle($0) }
  return withExtendedLifetime(server) { loop.run() }
}
