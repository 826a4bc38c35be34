package import JSON
package import Sessions

/// The version of this program and of the protocol it speaks.
package enum Version {
  package static let program = "0.1.0"
  package static let `protocol` = "0.1"
}

/// `initialize`: the first request of every connection.
package enum Initialize: ServerMethod {
  package static let name = "initialize"
  package static let purpose =
    "Opens the connection: the client says who it is and which files may be read, the server what it can do."
  package static let refusals: [RequestError.Kind] = []

  package struct Params: ObjectReadable {
    let processID: Int?
    let clientInfo: ClientInfo?
    let roots: [String]
    let stateDirectory: String?
    let capabilities: JSON?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      processID = try reader.optional(
        "processId", .integer(in: 1...Int(Int32.max)),
        "The client's process; when it ends, so does the server, within a second.")
      clientInfo = try reader.optional("clientInfo", .object(), "Who the client is.")
      roots = try reader.optional(
        "roots", .list(of: .text(1...4096)), default: [],
        "Folders below which file arguments may lie; without any, no file is read.")
      stateDirectory = try reader.optional(
        "stateDirectory", .text(1...4096),
        "Where sessions are to be kept. Not kept in this version: `durability` in the answer says so.")
      capabilities = try reader.optional("capabilities", .any, "What the client can do; nothing is required so far.")
    }
  }

  package struct ClientInfo: ObjectReadable {
    let name: String
    let version: String?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      name = try reader.required("name", .text(), "The client's name.")
      version = try reader.optional("version", .text(), "The client's version.")
    }
  }

  package struct Answer: ObjectWritable {
    package func write(to object: inout ObjectWriter) {
      object.object("serverInfo", "Who the server is.") {
        $0.field("name", "trimtab", "Always `trimtab`.")
        $0.field("version", Version.program, "The program's version.")
      }
      object.field("protocolVersion", Version.protocol, "The version of this protocol.")
      object.object("capabilities", "What the server can do.") {
        $0.field("framings", ["content-length", "newline"], "How messages may be told apart.")
        $0.field("methods", Catalogue.routes.map(\.name), "Every request that is answered.")
        $0.field("durability", "memory", "Where sessions live: `memory`, so they end with the process.")
      }
    }
  }

  package static func answer(_ params: Params, by server: Server) throws(RequestError) -> Answer {
    server.phase = .running
    server.files = FileAccess(roots: params.roots)
    if let processID = params.processID { server.watchParent(Int32(processID)) }
    if params.stateDirectory != nil {
      server.logMessage("stateDirectory is not used: sessions live in memory and end with this process", .warning)
    }
    return Answer()
  }
}
