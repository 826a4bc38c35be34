package import JSON
internal import JSONRPC

/// `window/showDocument`: a command shows a document.
package struct WindowShowDocument: ServerRequest {
  package static let name = "window/showDocument"
  package static let purpose =
    "Asks a client that takes it to show a virtual document, for a command that the client runs. The client answers whether it did, as `success`."

  let uri: String

  package static let fields = Fields<WindowShowDocument> {
    Field("uri", "The document, for workspace/textDocumentContent.") { $0.uri }
    Field("takeFocus", "True: the person asked for it.") { _ in true }
  }
}
