internal import Basics
internal import JSON
internal import JSONRPC

/// The two ways in which clients of the Model Context Protocol speak (modelcontextprotocol.io/specification).
enum Era {
  /// `initialize` first, as in the revisions up to 2025-11-25.
  case handshake
  /// Each request by itself, with the revision in `_meta`, as from 2026-07-28 on.
  case stateless

  /// Oldest first.
  static let handshakeVersions: [ExactString] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
  static let statelessVersions: [ExactString] = ["2026-07-28"]

  private static let versionKey = "io.modelcontextprotocol/protocolVersion"

  /// The revision that a request names in its envelope; nil for a request of the earlier era.
  static func version(of params: JSON?) -> ExactString? { params?["_meta"]?[versionKey]?.stringValue }

  /// The error for a revision that is not spoken here.
  static func unsupported(_ version: ExactString) -> RPCError {
    let version = Preview.cut(version.text)
    return RPCError(
      ErrorCode(rawValue: -32022), "Unsupported protocol version: \(version)",
      data: ["supported": .array(statelessVersions.map(JSON.string)), "requested": .string(version)])
  }
}
