package import JSON
internal import JSONRPC
package import Sessions

/// The version of this program and of the protocol it speaks.
package enum Version {
  package static let program = "0.1.0"
  package static let `protocol` = "0.2"
  /// What a client may have been written for; newest first. A later minor version only adds.
  package static let spoken = ["0.2", "0.1"]
}

/// Where sessions are kept.
package enum Durability: String, CaseIterable, FieldValue {
  case memory, journal
}

/// `initialize`: the first request of every connection.
package enum Initialize: Method {
  package static let name = "initialize"
  package static let purpose =
    """
    Opens the connection: the client says who it is and which files the server may read; the server says what it can \
    do.
    """
  package static let refusals: [RequestError.Kind] = [.stateUnavailable]

  package struct Params: ObjectReadable {
    let processID: Int?
    let clientInfo: ClientInfo?
    let roots: [String]
    let stateDirectory: String?
    let unknownFields: UnknownFieldPolicy
    let trace: String?
    /// The version that client and server have agreed on.
    let version: String
    /// What the client can take as an editor.
    let capabilities: EditorCapabilities

    package enum UnknownFieldPolicy: String, CaseIterable, Sendable {
      case warn, refuse
    }

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      processID = try reader.optional(
        "processId", .integer(in: 1...Int(Int32.max)),
        "The client's process; when it ends, so does the server, within a second.")
      clientInfo = try reader.optional("clientInfo", .object(), "Who the client is.")
      let roots = try reader.optional(
        "roots", .list(of: .text(1...4096), count: 0...1024), default: [],
        """
        Folders, as paths or `file:` URIs, below which file arguments may lie. Those of `initializationOptions.roots`, \
        `rootUri` and `workspaceFolders` follow. Without any, no file is read.
        """
      )
      let options: Options? = try reader.optional(
        "initializationOptions", .object(), "Where editors put the options of a server.")
      let rootURI = try reader.optional("rootUri", .text(1...4096), "The folder of the editor's workspace.")
      let folders: [WorkspaceFolder] = try reader.optional(
        "workspaceFolders", .list(of: .object(), count: 0...1024), default: [],
        "The folders of the editor's workspace.")
      stateDirectory = try reader.optional(
        "stateDirectory", .text(1...4096),
        """
        The folder to keep sessions in; it is made where there is none, with the folders that lead to it. Processes that \
        name the same folder share its sessions. By default that of `--state`, else that of the environment's TRIMTAB_STATE, else none: sessions then live in memory. \
        `durability` in the answer says which it is.
        """
      )
      unknownFields = try reader.optional(
        "unknownFields", .choice(), default: .warn,
        """
        What happens to a field that a request does not have: `warn` names it in the answer, `refuse` refuses the \
        request.
        """
      )
      self.roots = roots + (options?.roots ?? []) + (rootURI.map { [$0] } ?? []) + folders.map(\.uri)
      trace = try reader.optional(
        "trace", .string, "How much of the traffic the server repeats in `$/logTrace`: `off`, `messages` or `verbose`.")
      let versions = try reader.optional(
        "protocolVersions", .list(of: .text(1...64), count: 0...64), default: [],
        """
        Versions of this protocol that the client understands; the server takes the newest that it speaks, too, and \
        refuses the connection where there is none. Without any it takes its own newest.
        """
      )
      let agreed = Version.spoken.first { versions.isEmpty || versions.contains($0) }
      try reader.check(
        agreed != nil, "protocolVersions", expected: "one of \(Version.spoken.joined(separator: ", ")) among them",
        fix: "use a server of the client's version")
      version = agreed ?? Version.protocol
      // What the Language Server Protocol has beyond that.
      let json = try reader.optional(
        "capabilities", .any,
        """
        What the client can do, in the words of the Language Server Protocol. The server offers an editor only what is \
        named here, and sends it nothing else; nothing is required.
        """
      )
      capabilities = EditorCapabilities(json)
      reader.accept("rootPath", "locale")
    }
  }

  struct Options: ObjectReadable {
    let roots: [String]

    init(from reader: inout ObjectReader) throws(InvalidField) {
      roots = try reader.optional("roots", .list(of: .text(1...4096), count: 0...1024), default: [], "As `roots`.")
    }
  }

  struct WorkspaceFolder: ObjectReadable {
    let uri: String

    init(from reader: inout ObjectReader) throws(InvalidField) {
      uri = try reader.required("uri", .text(1...4096), "The folder's `file:` URI.")
      _ = try reader.optional("name", .string, "Its name, for people.")
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

  package struct Answer: AnswerObject {
    let version: String
    let durability: Durability
    let isReadOnly: Bool
    let client: EditorCapabilities

    package static let fields = Fields<Answer> {
      Field("serverInfo", "The server.") { _ in ServerInfo() }
      Field("protocolVersion", "The version of this protocol that the connection uses.") { $0.version }
      Field("capabilities", "What the server can do.") {
        Capabilities(durability: $0.durability, isReadOnly: $0.isReadOnly, client: $0.client)
      }
    }
  }

  struct ServerInfo: AnswerObject {
    static let fields = Fields<ServerInfo> {
      Field("name", "Always `trimtab`.") { _ in "trimtab" }
      Field("version", "The program's version.") { _ in Version.program }
    }
  }

  struct Capabilities: AnswerObject {
    let durability: Durability
    let isReadOnly: Bool
    let client: EditorCapabilities

    static let fields = Fields<Capabilities> {
      Field("framings", "The framings of messages.") { _ in ["content-length", "newline"] }
      Field(
        "methods",
        "Every request that the server answers, but for those of the Language Server Protocol about documents, which have fields of their own."
      ) { _ in
        Catalogue.routes.filter { !$0.isLocal }.map(\.name)
      }
      Field(
        "durability",
        """
        `memory`: sessions end with the process. `journal`: they are kept in the state directory, and an answer leaves \
        after the changes that it shows are on disk.
        """
      ) { $0.durability }
      Field("readOnly", "True where the process was started with `--read-only`: it changes no session.") {
        $0.isReadOnly ? true : nil
      }
      Field.inline { $0.client.hasDocuments ? EditorOffer(client: $0.client) : nil }
    }
  }
}
