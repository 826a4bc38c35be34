#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// A message of the server as it came, read once its type is known.
struct Payload: Sendable {
  private let message: Data
  /// Whether it is an answer with an error.
  let isRefusal: Bool

  init(_ bytes: UnsafeBufferPointer<UInt8>, isRefusal: Bool = false) {
    (message, self.isRefusal) = (Data(bytes), isRefusal)
  }

  private struct Params<Value: Decodable>: Decodable { let params: Value }
  private struct Result<Value: Decodable>: Decodable {
    let result: Value

    init(from decoder: any Decoder) throws {
      // A result that is null stands for a value as well.
      result = try decoder.container(keyedBy: Key.self).decode(Value.self, forKey: .result)
    }
  }
  private struct Failure: Decodable { let error: RequestRefused }
  private enum Key: String, CodingKey {
    case result
    case token = "workDoneToken"
  }

  /// The params of a notification.
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(Params<Value>.self, from: message).params
  }

  func answer<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(Result<Value>.self, from: message).result
  }

  func refusal() throws -> RequestRefused { try JSONDecoder().decode(Failure.self, from: message).error }

  private struct Envelope<Body: Encodable>: Encodable {
    let jsonrpc = "2.0"
    let id: Int?
    let method: String
    let params: Tokened<Body>
  }

  /// Params with the token under which the server reports on them.
  private struct Tokened<Body: Encodable>: Encodable {
    let params: Body
    let token: Int?

    func encode(to encoder: any Encoder) throws {
      try params.encode(to: encoder)
      guard let token else { return }
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(token, forKey: .token)
    }
  }

  /// The answer to a request of the server's, of which this client serves none.
  static func refusal(of id: String) -> [UInt8] {
    Array(#"{"jsonrpc":"2.0","id":\#(id),"error":{"code":-32601,"message":"Method not found"}}"#.utf8)
  }

  /// A message of a client in UTF-8.
  static func text(_ method: String, _ params: some Encodable, id: Int? = nil, token: Int? = nil) throws -> [UInt8] {
    Array(
      try JSONEncoder().encode(Envelope(id: id, method: method, params: Tokened(params: params, token: token))))
  }
}
