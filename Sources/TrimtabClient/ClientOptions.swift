internal import CLibrary

/// How a client begins.
public struct ClientOptions: Sendable, Hashable {
  /// Folders below which file arguments may lie. Without any, the server reads no file.
  public var roots: [String]
  /// Where sessions are kept, shared with other processes that name the same folder; nil keeps them in memory.
  public var stateDirectory: String?
  /// Whether the server of ``TrimtabClient/inProcess(_:)`` changes no session; the command of a spawned one says so.
  public var isReadOnly: Bool
  /// Whether a field that the server does not know is an error instead of a warning.
  public var refusesUnknownFields: Bool
  /// The program's name, for the server's log.
  public var name: String

  public init(
    roots: [String] = [], stateDirectory: String? = nil, isReadOnly: Bool = false, refusesUnknownFields: Bool = false,
    name: String = "TrimtabClient"
  ) {
    (self.roots, self.stateDirectory, self.isReadOnly) = (roots, stateDirectory, isReadOnly)
    (self.refusesUnknownFields, self.name) = (refusesUnknownFields, name)
  }

  /// The first request of the connection.
  var initialize: Initialize {
    Initialize(
      clientInfo: InitializeClientInfo(name: name), roots: roots, stateDirectory: stateDirectory,
      unknownFields: refusesUnknownFields ? .refuse : .warn, protocolVersions: [protocolVersion])
  }
}
