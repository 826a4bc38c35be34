internal import Basics
internal import JSON
internal import JSONRPC
internal import TrimtabServer

/// What an assistant may call: one or several requests of our protocol, whose params are the tool's arguments.
struct Tool: Sendable {
  /// Whether a call changes a session.
  enum Effect: Sendable {
    case reads
    /// Adds to a session; a second call may add more.
    case adds
    /// Replaces what a session holds.
    case replaces
  }

  /// One request. The tool passes on those of its arguments that the method has.
  struct Request: Sendable {
    let method: String
    /// The params that the tool offers; nil offers all.
    var fields: [String]?
    /// Params that the tool sets by itself.
    var fixed: [JSONObject.Member] = []
    /// The fields of the answer that are given; nil gives all. Long lists in answers cost an assistant its context.
    var kept: [String]?
    /// The name of the answer where a tool has several requests.
    var name = ""

    private var route: Route? { Catalogue.routes.first { $0.name == method } }
    var isLong: Bool { route?.isLong ?? false }
    /// The params of the method that are arguments of the tool.
    var arguments: [FieldSchema] {
      let fixed = Set(fixed.map(\.key.text))
      return (route?.params() ?? []).filter { !fixed.contains($0.name) && (fields?.contains($0.name) ?? true) }
    }
  }

  let name: String
  let title: String
  let purpose: String
  let effect: Effect
  /// Sent one after the other, until one is refused.
  let requests: [Request]
  /// An argument whose values are sent in turn as a param of the only request.
  var repeated: (argument: String, param: String, doc: String)?
  /// Whether a call begins the session that it names where there is none.
  var beginsSession = false

  /// How many values a repeated argument may have.
  fileprivate static let repetitions = 1...64

  /// Whether a call may take seconds, with progress.
  var isLong: Bool { requests.contains(where: \.isLong) }

  /// The requests for a call, with the arguments that their methods have.
  ///
  /// - Throws: where the list of an argument that is repeated is none. The server sees the rest, and refuses it.
  func requests(
    for arguments: JSONObject
  ) throws(Conversation.RefusedRequest) -> [(request: Request, params: [JSONObject.Member])] {
    if let repeated {
      let given = arguments[repeated.argument]
      guard let values = given?.arrayValue, Self.repetitions ~= values.count else {
        let message =
          "\(repeated.argument): expected a list of 1 to \(Self.repetitions.upperBound) numbers, "
          + "found \(given?.preview() ?? "nothing"); send a single number as a list of one"
        throw Conversation.RefusedRequest(
          error: ["code": .integer(Int64(ErrorCode.invalidParams.rawValue)), "message": .string(message)])
      }
      return values.map { (requests[0], params(requests[0], arguments) + [.init(key: repeated.param, value: $0)]) }
    }
    return requests.map { ($0, params($0, arguments)) }
  }

  private func params(_ request: Request, _ arguments: JSONObject) -> [JSONObject.Member] {
    guard requests.count > 1 || repeated != nil else { return arguments.members + request.fixed }
    let known = Set(request.arguments.map { ExactString($0.name) })
    return arguments.members.filter { known.contains($0.key) } + request.fixed
  }

  /// The JSON Schema of the arguments, from the declarations of the methods' params.
  private var inputSchema: JSON {
    var fields: [FieldSchema] = []
    for field in requests.flatMap(\.arguments) where !fields.contains(where: { $0.name == field.name }) {
      fields.append(field)
    }
    var schemas = MessageSchemas(place: "#/$defs/")
    _ = schemas.define(name, fields, isRead: true)
    guard case .object(var object)? = schemas.definitions.first?.schema else { return ["type": "object"] }
    let definitions = schemas.definitions.dropFirst().map { JSONObject.Member(key: $0.name, value: $0.schema) }
    if let repeated { object = object.offering(repeated.argument, repeated.doc) }
    if !definitions.isEmpty {
      object.members.append(.init(key: "$defs", value: .object(JSONObject(members: definitions))))
    }
    return .object(object)
  }

  /// As `tools/list` has it.
  var listed: JSON {
    [
      "name": .string(name), "title": .string(title), "description": .string(purpose), "inputSchema": inputSchema,
      "annotations": [
        "title": .string(title), "readOnlyHint": .bool(effect == .reads), "destructiveHint": .bool(effect == .replaces),
        "idempotentHint": .bool(effect != .adds), "openWorldHint": false,
      ],
    ]
  }
}

extension JSONObject {
  /// A schema of an object that also requires a list of numbers.
  fileprivate func offering(_ name: String, _ doc: String) -> JSONObject {
    JSONObject(
      members: members.map { member in
        switch (member.key.text, member.value) {
        case ("properties", .object(let properties)):
          let added: JSON = [
            "type": "array", "items": ["type": "number"], "minItems": .integer(Int64(Tool.repetitions.lowerBound)),
            "maxItems": .integer(Int64(Tool.repetitions.upperBound)), "description": .string(doc),
          ]
          return .init(
            key: member.key,
            value: .object(JSONObject(members: properties.members + [.init(key: name, value: added)])))
        case ("required", .array(let names)):
          return .init(key: member.key, value: .array(Array(names) + [.string(name)]))
        default: return member
        }
      })
  }
}
