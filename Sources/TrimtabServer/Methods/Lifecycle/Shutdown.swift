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

  /// The answer is null, as LSP has it.
  package struct Answer: ObjectWritable {
    package func write(to object: inout ObjectWriter) {}
    package func writeValue(to object: inout ObjectWriter) { object.json.write(JSON.null) }
  }

  package static func answer(_ params: Params, by server: Server) throws(RequestError) -> Answer {
    server.phase = .shutDown
    return Answer()
  }
}
