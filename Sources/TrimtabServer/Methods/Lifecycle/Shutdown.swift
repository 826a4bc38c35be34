package import JSON
package import Sessions

/// `shutdown`: no more requests will come; `exit` follows.
package enum Shutdown: ServerMethod {
  package static let name = "shutdown"
  package static let purpose = "Ends the work; the `exit` notification that follows ends the process, with status 0."
  package static let refusals: [RequestError.Kind] = []

  package struct Params: ObjectReadable {
    package init(from reader: inout ObjectReader) throws(InvalidField) {}
  }

  /// As the Language Server Protocol has it.
  package typealias Answer = NullAnswer

  package static func answer(_ params: Params, for client: ClientConnection) throws(RequestError) -> NullAnswer {
    client.phase = .shutDown
    return NullAnswer()
  }
}
