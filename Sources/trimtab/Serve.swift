internal import JSONRPC
internal import Sessions
internal import TrimtabServer

/// Speaks JSON-RPC on the standard streams until the client ends it; gives the exit status.
func serve() -> Int32 {
  // First of all, so that nothing printed by accident can reach the stream.
  let output = takeStandardOutput()
  let input = takeStandardInput()
  let peer = Peer()
  let loop = EventLoop(peer: peer, input: input, output: output)
  let server = Server(
    peer: peer, pool: WorkerPool(), watchParent: { loop.watchParent($0) }, end: { loop.finish($0) })
  loop.attach(server.jobs.mailbox) { server.jobs.handle($0) }
  return withExtendedLifetime(server) { loop.run() }
}
