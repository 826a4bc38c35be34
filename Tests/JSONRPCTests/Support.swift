import Basics
import JSON
import JSONRPC

/// Serves methods with closures and remembers the rest.
final class TestHandler: PeerHandler {
  var methods: [ExactString: (Call) -> Void] = [:]
  var kept: [Call] = []
  var notifications: [String] = []
  var onNotification: ((String, JSON?) -> Void)?
  var onInputEnded: (() -> Void)?

  init() {
    methods["echo"] = { $0.answer($0.params ?? .null) }
    methods["keep"] = { [unowned self] in kept.append($0) }
    methods["drop"] = { _ in }
    methods["nan"] = { $0.answer(Value(number: .nan)) }
    methods["invalid"] = {
      $0.fail(RPCError(InvalidField(path: [.key("rows"), .index(3)], expected: "x", found: "y", fix: "z")))
    }
  }

  func handle(_ call: Call) {
    guard let method = methods[call.method] else { return call.fail(.methodNotFound(call.method)) }
    method(call)
  }

  func handle(notification method: ExactString, params: JSON?) {
    notifications.append(method.text)
    onNotification?(method.text, params)
  }

  func inputEnded() {
    onInputEnded?()
  }
}

/// A notification with one field.
struct Note: Notification {
  static let name = "note"
  static let purpose = "Something to read."
  let text: String
  static let fields = Fields<Note> {
    Field("text", "The text.") { $0.text }
  }
}

/// A notification that carries a number.
struct Mail: Notification {
  static let name = "mail"
  static let purpose = "Says that mail came."
  let number: Int
  static let fields = Fields<Mail> {
    Field("number", "Which.") { $0.number }
  }
}

struct Value: ObjectWritable {
  let number: Double
  func write(to object: inout ObjectWriter) { object.field("number", number) }
}

extension Peer {
  func receive(_ text: String) {
    var text = text
    text.withUTF8 { receive(UnsafeRawBufferPointer($0)) }
  }

  /// The messages that went out since the last time, whatever their framing.
  func takeMessages() -> [JSON] {
    messages(in: output.takeAll())
  }

  /// Sends one line and returns what came back, in canonical text.
  func answers(to line: String) -> [String] {
    receive(line + "\n")
    return takeMessages().map(\.canonicalText)
  }
}

/// A peer that serves `handler`.
func makePeer(_ handler: TestHandler = TestHandler(), _ adjust: (inout Peer.Options) -> Void = { _ in }) -> Peer {
  var options = Peer.Options()
  adjust(&options)
  return Peer(options: options, handler: handler)
}

func messages(in bytes: [UInt8]) -> [JSON] {
  frames(in: [bytes]).map { (try? JSON.parse($0)) ?? .string("not JSON: \($0)") }
}

/// The frames in a stream that arrives in `pieces`; a last element "broken: ..." if it cannot be followed.
func frames(in pieces: [[UInt8]], limits: FrameDecoder.Limits = .init()) -> [String] {
  var decoder = FrameDecoder(limits: limits)
  var frames: [String] = []
  func note(_ event: FrameDecoder.Event) {
    switch event {
    case .frame(let range): frames.append(decoder.withBytes(of: range) { String(decoding: $0, as: UTF8.self) })
    case .oversizedLine: frames.append("oversized")
    case .broken(let reason): frames.append("broken: \(reason)")
    }
  }
  for piece in pieces {
    piece.withUnsafeBytes { decoder.append($0) }
    while let event = decoder.next() { note(event) }
  }
  if let event = decoder.finish() { note(event) }
  return frames
}

func frame(_ body: String) -> String {
  "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}
