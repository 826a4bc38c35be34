import Basics
import JSON
import JSONRPC

/// One message or batch, whatever it is, to a peer whose handler answers everything.
enum EnvelopeTarget {
  private final class Handler: PeerHandler {
    func handle(_ call: Call) {
      // A request may be answered at once, refused, or kept until its connection ends.
      switch call.method.text.utf8.count % 3 {
      case 0: call.answer(call.params ?? .null)
      case 1: call.fail(.methodNotFound(call.method))
      default: kept.append(call)
      }
    }

    func handle(notification method: ExactString, params: JSON?) {}

    private var kept: [Call] = []
  }

  static func run(_ bytes: [UInt8]) {
    let (handler, peer) = (Handler(), Peer())
    peer.handler = handler
    // One line: a line break would end the message. The first message makes the framing lines.
    let last = #"{"jsonrpc":"2.0","id":"last","method":"abc"}"#
    let stream = Array("{}\n".utf8) + bytes.filter { $0 != 0x0A } + Array("\n\(last)\n".utf8)
    stream.withUnsafeBytes { peer.receive($0) }
    peer.abandonRequests()
    var lastCount = 0
    for line in peer.output.takeAll().split(separator: 0x0A) {
      guard let message = try? JSON.parse(String(decoding: line, as: UTF8.self)) else {
        preconditionFailure("an answer that is no JSON")
      }
      for answer in message.arrayValue.map(Array.init) ?? [message] {
        precondition(answer["jsonrpc"]?.stringValue?.text == "2.0", "an answer without a version")
        precondition((answer["result"] == nil) != (answer["error"] == nil) || answer["method"] != nil, "no answer")
        if answer["id"] == .string("last") { lastCount += 1 }
      }
    }
    // A message may itself be a request of that id; then there are two, or the second is refused.
    precondition(lastCount >= 1 || peer.isBroken, "the next message was not answered")
  }
}
