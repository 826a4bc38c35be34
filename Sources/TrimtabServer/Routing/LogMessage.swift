package import JSON
internal import JSONRPC

/// `window/logMessage`: a message for the person behind the client.
package struct LogMessage: Notification {
  package static let name = "window/logMessage"
  package static let purpose =
    "Shows a message to the person behind the client, as the Language Server Protocol has it."

  /// The levels of the Language Server Protocol.
  package enum Level: Int, Sendable {
    case error = 1
    case warning, info, log
  }

  let level: Level
  let message: String

  package static let fields = Fields<LogMessage> {
    Field("type", "1 error, 2 warning, 3 info, 4 log.") { $0.level.rawValue }
    Field("message", "The message.") { $0.message }
  }
}
