package import JSON
internal import JSONRPC

/// `exit`: the end of the process.
package enum Exit: ClientNotification {
  package static let name = "exit"
  package static let purpose = "Ends the process: with status 0 after shutdown, else with status 1."

  package struct Params: ObjectReadable {
    package init(from reader: inout ObjectReader) throws(InvalidField) {}
  }
}
