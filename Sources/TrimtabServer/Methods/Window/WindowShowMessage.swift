package import JSON
internal import JSONRPC

/// `window/showMessage`: the outcome of a command, for the person who ran it.
package struct WindowShowMessage: Notification {
  package static let name = "window/showMessage"
  package static let purpose = "Shows what came of a command to the person who ran it."

  let level: LogMessage.Level
  let message: String

  package static let fields = Fields<WindowShowMessage> {
    Field("type", "1 error, 2 warning, 3 info, 4 log.") { $0.level.rawValue }
    Field("message", "The message.") { $0.message }
  }
}
