internal import Basics
internal import CLibrary
internal import JSON
internal import JSONRPC
package import Journal
package import Sessions
internal import TrimtabServer

/// A client in the same process: every message goes through framing and routing as on a pipe, but computations run at
/// once and to their end, so the same messages always give the same answers in the same order.
package final class LocalClient {
  private let server: Server
  private let connection: ClientConnection
  private let ending = Ending()
  /// The exit status the server asked for, once it has.
  package private(set) var exitStatus: Int32?

  /// - Parameters:
  ///   - directory: where sessions are kept; nil keeps them in memory.
  ///   - leastPlainByteCount: how much must be new in a journal before it is compacted; nil for what is usual.
  ///   - commits: runs the commits; nil makes each at once.
  package init(
    keepingSessionsIn directory: StateDirectory? = nil, compactingFrom leastPlainByteCount: Int? = nil,
    commits: Committer.Start? = nil
  ) {
    var options = StateOptions()
    if let leastPlainByteCount { options.leastPlainByteCount = leastPlainByteCount }
    server = Server(pool: nil, state: options)
    connection = server.connect()
    connection.end = { [ending] in ending.status = $0 }
    if let directory { server.keepSessions(in: directory, commits: commits) }
  }

  /// Another client of the server that `other` is a client of.
  package init(beside other: LocalClient) {
    server = other.server
    connection = server.connect()
    connection.end = { [ending] in ending.status = $0 }
  }

  /// Ends the connection; the server goes on.
  package func disconnect() { server.disconnect(connection) }

  /// All open sessions, to be compared.
  package var sessions: SessionStore { server.sessions }

  /// Sends one line and returns the lines that the server sends.
  package func send(_ line: String) -> [String] {
    var text = line + "\n"
    text.withUTF8 { connection.peer.receive(UnsafeRawBufferPointer($0)) }
    defer { exitStatus = ending.status }
    return received()
  }

  /// The lines that the server has sent since the last call, with what the commits so far let go.
  package func received() -> [String] {
    server.handleCommits()
    server.noticeChanges()
    return takeOutput().byteLines.filter { !$0.isEmpty }.map(String.init)
  }

  /// What the server sends, with `ROOT` for the working directory, so that a transcript is the same wherever it
  /// replays.
  private func takeOutput() -> String {
    let text = String(decoding: connection.peer.output.takeAll(), as: UTF8.self)
    return workingDirectory.map { text.replacingBytes(of: $0 + "/", with: "ROOT/") } ?? text
  }
}

private let workingDirectory: String? = getcwd(nil, 0).map { path in
  defer { free(path) }
  return String(cString: path)
}

private final class Ending {
  var status: Int32?
}
