internal import Basics
package import JSON
internal import JSONRPC
package import Sessions
internal import TrimtabServer

/// A client in the same process: every message goes through framing and routing as on a pipe, but computations run to
/// their end when they are requested, so the same messages always give the same answers in the same order.
package final class LocalClient {
  private let peer: Peer
  private let server: Server
  /// The exit status the server asked for, once it has.
  package private(set) var exitStatus: Int32?
  /// The fields recorded from answers, by method.
  private let recorders = Recorders()

  package init() {
    let (peer, ending) = (Peer(), Ending())
    self.peer = peer
    let recorders = recorders
    peer.recorderForMethod = { recorders.recorder(of: $0.text) }
    server = Server(peer: peer, pool: nil, end: { ending.status = $0 })
    self.ending = ending
  }

  private let ending: Ending

  /// All open sessions, to be compared.
  package var sessions: SessionStore { server.sessions }

  /// Sends one line and returns the lines that the server sends.
  package func send(_ line: String) -> [String] {
    var text = line + "\n"
    text.withUTF8 { peer.receive(UnsafeRawBufferPointer($0)) }
    exitStatus = ending.status
    return takeOutput().split(separator: "\n").map(String.init)
  }

  /// The fields recorded from answers of `method`, in the order of their first appearance.
  package func answerFields(of method: String) -> [FieldSchema] { recorders.recorder(of: method).fields }

  private func takeOutput() -> String {
    String(decoding: peer.output.takeAll(), as: UTF8.self)
  }
}

private final class Ending {
  var status: Int32?
}

private final class Recorders {
  private var byMethod: [String: FieldRecorder] = [:]

  func recorder(of method: String) -> FieldRecorder {
    if let known = byMethod[method] { return known }
    let new = FieldRecorder()
    byMethod[method] = new
    return new
  }
}
