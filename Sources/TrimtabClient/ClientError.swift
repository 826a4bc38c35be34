/// Why the server refuses a request. It has changed nothing.
public struct RequestRefused: Error, Hashable, Sendable, CustomStringConvertible {
  /// The code of the JSON-RPC error.
  public var code: Int
  /// What was expected, what was found and how to correct it, for a person.
  public var message: String
  /// Absent for errors of JSON-RPC itself.
  public var kind: RefusalKind?
  /// The field that is to be corrected, as in `rows[3].timeSeconds`.
  public var path: String?
  public var expected: String?
  public var found: String?
  public var fix: String?

  public var description: String { message }
}

extension RequestRefused: Decodable {
  private enum Key: String, CodingKey { case code, message, data }

  private struct Data: Decodable {
    var kind: RefusalKind?
    var path: String?
    var expected: String?
    var found: String?
    var fix: String?
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    code = try container.decode(Int.self, forKey: .code)
    message = try container.decode(String.self, forKey: .message)
    // Another server's error may have anything there.
    let data = try? container.decodeIfPresent(Data.self, forKey: .data)
    (kind, path, expected, found, fix) = (data?.kind, data?.path, data?.expected, data?.found, data?.fix)
  }
}

/// The server has ended, or could not be started; requests that it had not answered fail with this.
public struct ServerEnded: Error, Hashable, Sendable, CustomStringConvertible {
  /// As a shell gives it: 128 and the signal's number where a signal ended the process; nil where it never began.
  public var exitStatus: Int32?
  public var description: String
}
