package import JSON
package import Sessions

/// `rpc.discover`: the protocol as an OpenRPC document.
package enum RPCDiscover: DocumentMethod {
  package static let name = "rpc.discover"
  package static let purpose =
    "The protocol as an OpenRPC document, as service discovery of OpenRPC has it; also the file openrpc.json."
  package static let refusals: [RequestError.Kind] = []

  package struct Params: ObjectReadable {
    package init(from reader: inout ObjectReader) throws(InvalidField) {}
  }

  package struct Answer: AnswerObject {
    let document: JSON

    package static let fields = Fields<Answer> {
      Field("openrpc", "The version of OpenRPC.") { $0.document["openrpc"] ?? .null }
      Field("info", "What this is: `title`, `version` of the protocol, `description`.") { $0.document["info"] ?? .null }
      Field("methods", "Requests, and notifications as methods without a result.") {
        $0.document["methods"] ?? .null
      }
      Field("components", "Types of objects (`schemas`) and refusals (`errors`) to which methods refer.") {
        $0.document["components"] ?? .null
      }
    }
  }

  package static let document = Answer(document: Contract.openRPC())
}
