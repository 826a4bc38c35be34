internal import CLibrary
internal import JSONRPC
internal import MCP
internal import TrimtabServer

/// `trimtab mcp`: tools for assistants, on sessions in memory or in a shared state directory.
struct MCPCommand {
  static let help = """
    trimtab mcp                  serves tools for assistants on standard input and output, by the Model Context
                                 Protocol (revisions 2024-11-05 to 2026-07-28)
      --state DIR                the sessions of this folder, beside all other processes that use it; by default
                                 $TRIMTAB_STATE, else sessions live in memory
      --root DIR                 a folder below which tools may read profiles
      --read-only                only the tools that change nothing
      --stdio                    as clients may say it; there is no other way
      example: trimtab mcp --state ~/.local/state/trimtab --root ~/profiles

    """

  private let state: StateOptions
  private let roots: [String]

  init(_ options: [String]) throws(CommandFailure) {
    let arguments = try Arguments(options, options: ["--state", "--root"], flags: ["--read-only", "--stdio"])
    if let word = arguments.words.first {
      throw CommandFailure(status: .usage, message: "expected options after mcp, found \"\(word)\"; see trimtab --help")
    }
    let directory = arguments.text("--state") ?? getenv("TRIMTAB_STATE").map { String(cString: $0) }
    if directory?.isEmpty ?? false {
      throw CommandFailure(
        status: .usage, message: "expected a folder in --state or TRIMTAB_STATE, found an empty path")
    }
    state = StateOptions(directory: directory, isReadOnly: arguments.has("--read-only"))
    roots = arguments.text("--root").map { [$0] } ?? []
  }

  /// Serves until the assistant ends it; returns the exit status.
  func run() throws(CommandFailure) -> Int32 {
    guard let (near, far) = LocalSocket.pair() else {
      throw CommandFailure(
        status: .badInput, message: "cannot make a pair of sockets: \(String(cString: strerror(errno)))")
    }
    let peer = Peer()
    return serve(
      state,
      behind: (
        peer,
        { server, client, loop in
          loop.serve(client.peer, socket: far) { [unowned server] in server.disconnect(client) }
          let link = MessageLink(near)
          loop.add(link)
          peer.handler = MCPServer(peer, over: link, roots: roots, isReadOnly: state.isReadOnly)
        }
      ))
  }
}
