internal import Basics
internal import JSON

/// What one message is, by the rules of JSON-RPC 2.0.
enum Envelope {
  case request(id: RequestID, method: ExactString, params: JSON?)
  case notification(method: ExactString, params: JSON?)
  /// An answer to a request of ours.
  case response(id: RequestID, Result<JSON, RPCError>)
  /// None of these; `id` is the message's own if it has a readable one, else null.
  case invalid(id: RequestID, reason: String)

  init(_ message: JSON) {
    guard case .object(let object) = message else {
      self = .invalid(id: .null, reason: "a message must be an object")
      return
    }
    // The first of duplicates counts, as everywhere.
    let id = object.value(of: "id")
    var params = object.value(of: "params")

    guard let method = object.value(of: "method") else {
      if id != nil, let outcome = Self.outcome(object) {
        self = .response(id: Self.answerID(id), outcome)
      } else {
        self = .invalid(id: Self.answerID(id), reason: "there is no \"method\"")
      }
      return
    }
    guard case .string(let method) = method else {
      self = .invalid(id: Self.answerID(id), reason: "\"method\" must be a string")
      return
    }
    guard object.value(of: "jsonrpc") == .string("2.0") else {
      self = .invalid(id: Self.answerID(id), reason: "\"jsonrpc\" must be \"2.0\"")
      return
    }
    // A library that only sends lists sends a missing object as [] or [null], and an object in a list.
    if case .array(let list) = params, list.count == 1, list[0] == .null || list[0].objectValue != nil {
      params = list[0]
    }
    switch params {
    case nil, .array, .object: break
    // Several clients send null where they mean nothing.
    case .null: params = nil
    default:
      self = .invalid(id: Self.answerID(id), reason: "\"params\" must be an object or an array")
      return
    }
    guard let id else {
      self = .notification(method: method, params: params)
      return
    }
    guard let id = RequestID(id) else {
      self = .invalid(id: .null, reason: "\"id\" must be a string, null or a whole number from -2^63 to 2^63 - 1")
      return
    }
    self = .request(id: id, method: method, params: params)
  }

  /// What an answer says; nil where it has neither a result nor an error. Some libraries send a null beside the other.
  private static func outcome(_ object: JSONObject) -> Result<JSON, RPCError>? {
    if let error = object.value(of: "error"), error != .null {
      return .failure(RPCError(answered: error))
    }
    if let result = object.value(of: "result") { return .success(result) }
    return object.value(of: "error") == nil ? nil : .success(.null)
  }

  private static func answerID(_ id: JSON?) -> RequestID {
    id.flatMap(RequestID.init) ?? .null
  }
}
