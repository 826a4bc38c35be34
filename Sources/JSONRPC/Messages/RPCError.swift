package import Basics
package import JSON

/// The number that tells a program what went wrong; an open set, so that products can add their own.
package struct ErrorCode: RawRepresentable, Sendable, Hashable {
  package let rawValue: Int

  package init(rawValue: Int) {
    self.rawValue = rawValue
  }

  /// The message is not JSON.
  package static let parseError = ErrorCode(rawValue: -32700)
  /// The message is JSON but not a request.
  package static let invalidRequest = ErrorCode(rawValue: -32600)
  package static let methodNotFound = ErrorCode(rawValue: -32601)
  package static let invalidParams = ErrorCode(rawValue: -32602)
  /// The fault is on the answering side.
  package static let internalError = ErrorCode(rawValue: -32603)
  /// A request came before the one that opens the connection (Language Server Protocol).
  package static let notInitialized = ErrorCode(rawValue: -32002)
  /// The client asked for the request to be cancelled (Language Server Protocol).
  package static let cancelled = ErrorCode(rawValue: -32800)
  /// The request was right but could not be served (Language Server Protocol).
  package static let requestFailed = ErrorCode(rawValue: -32803)
}

/// Why a request was not served.
package struct RPCError: Error, Sendable, Hashable {
  package var code: ErrorCode
  /// One sentence for a person.
  package var message: String
  /// Facts for a program; left out when nil.
  package var data: JSON?

  package init(_ code: ErrorCode, _ message: String, data: JSON? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  /// An error that another end has answered.
  package init(answered json: JSON) {
    self.init(
      ErrorCode(rawValue: json["code"]?.integerValue ?? ErrorCode.internalError.rawValue),
      json["message"]?.stringValue?.text ?? json.preview(), data: json["data"])
  }

  /// The error for parameters that do not fit, with the place and the remedy in `data`.
  package init(_ field: InvalidField) {
    let place = field.path.isEmpty ? "params" : field.pathText
    let fix = field.fix.map { "; \($0)" } ?? ""
    self.init(
      .invalidParams, "Invalid params: \(place) must be \(field.expected), found \(field.found)\(fix)",
      data: [
        "kind": "invalidParams", "path": .string(field.pathText), "expected": .string(field.expected),
        "found": .string(field.found), "fix": field.fix.map(JSON.string) ?? .null,
      ])
  }

  /// The error for a method that the server lacks.
  package static func methodNotFound(_ method: ExactString) -> RPCError {
    let name = Preview.cut(method.text)
    return RPCError(
      .methodNotFound, "Method not found: \(name)", data: ["kind": "methodNotFound", "method": .string(name)])
  }

  /// The error for a request that is not done when the server ends.
  static let serverEnds = RPCError(
    .cancelled,
    "Request cancelled: the server ends before the request is done; it changed nothing and may be sent again",
    data: ["kind": "cancelled", "fix": "send the request again, to a new server"])

  /// The error for a member of a batch whose answers take more than a message may; `state` says what became of it.
  static func batchTooLong(_ state: String) -> RPCError {
    RPCError(
      .requestFailed, "Request failed: the answers of the batch are longer than a message may be; \(state)",
      data: ["kind": "batchTooLong", "fix": "send fewer requests in one batch"])
  }

  static func parseError(_ error: JSONSyntaxError) -> RPCError {
    RPCError(
      .parseError, "Parse error: \(error)",
      data: [
        "kind": "parseError", "offset": .integer(Int64(error.offset)), "expected": .string(error.expected),
        "found": .string(error.found),
      ])
  }

  static func invalidRequest(_ reason: String) -> RPCError {
    RPCError(.invalidRequest, "Invalid Request: \(reason)", data: ["kind": "invalidRequest"])
  }
}

extension RPCError: AnswerObject {
  package static let fields = Fields<RPCError> {
    Field("code", "What went wrong.") { $0.code.rawValue }
    Field("message", "One sentence for a person.") { $0.message }
    Field("data", "Facts for a program.") { $0.data }
  }
}
