internal import Basics
internal import JSON

/// How much of the traffic the client wants to be told with `$/logTrace`.
package enum TraceLevel: String, Sendable, CaseIterable {
  case off
  /// That requests came and were answered.
  case messages
  /// Also what was in them.
  case verbose

  /// The level of this name; nil for any other text.
  package init?(named name: String) {
    self.init(JSON.string(name))
  }

  /// Reads the name of a level; nil for anything else.
  init?(_ json: JSON) {
    guard let level = Self.allCases.first(where: { json == .string($0.rawValue) }) else { return nil }
    self = level
  }
}

extension Peer {
  func traceRequest(_ call: Call) {
    guard trace != .off else { return }
    logTrace(
      "Received request \(Preview.cut(call.method.text)) (\(call.id)).",
      verbose: call.params?.preview(limit: 1000) ?? "")
  }

  /// Sent just before the answer, so that nothing about a request follows its answer.
  func traceAnswer(_ id: RequestID, _ method: ExactString, _ message: JSONWriter, _ lane: Lane) {
    guard trace != .off, method.byteCount > 0 else { return }
    logTrace(
      "Answering request \(Preview.cut(method.text)) (\(id)).",
      verbose: String(decoding: MessageText(message).joined.prefix(1000), as: UTF8.self), lane: lane)
  }

  private func logTrace(_ message: String, verbose: @autoclosure () -> String, lane: Lane = .none) {
    let details = trace == .verbose ? verbose() : nil
    notify(LogTrace(message: message, verbose: details), lane: lane)
  }
}
