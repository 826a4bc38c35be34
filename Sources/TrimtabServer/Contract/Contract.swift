package import JSON
internal import JSONRPC
internal import Sessions

/// The protocol in forms that other programs know: an OpenRPC document, and JSON Schemas.
package enum Contract {
  /// The OpenRPC 1.3.2 document. The notifications of the protocol are methods without a result, and `x-direction` says
  /// who sends them. Its schemas are of draft 7, as that version asks.
  package static func openRPC() -> JSON {
    var schemas = MessageSchemas(place: "#/components/schemas/", dialect: .draft7)
    let methods = Catalogue.routes.map { route -> JSON in
      let method: JSON = [
        "name": .string(route.name), "description": .string(route.purpose), "paramStructure": "by-name",
        "params": .array(route.params().map { descriptor($0, of: paramsName(route.name), isRead: true, &schemas) }),
        "result": [
          "name": .string(answerName(route.name)), "schema": answerSchema(route, &schemas),
        ],
        "errors": .array(route.refusals.map { ["$ref": .string("#/components/errors/\($0.rawValue)")] }),
        "x-notification": .bool(route.isNotifiable), "x-long": .bool(route.isLong),
      ]
      return marked(method, Deprecations.of(route.name))
    }
    let notifications = Catalogue.notifications.map { entry -> JSON in
      let isRead = entry.direction == .clientToServer
      let method: JSON = [
        "name": .string(entry.name), "description": .string(entry.purpose), "paramStructure": "by-name",
        "params": .array(entry.params().map { descriptor($0, of: paramsName(entry.name), isRead: isRead, &schemas) }),
        "x-direction": .string(entry.direction.rawValue),
      ]
      return marked(method, Deprecations.of(entry.name))
    }
    let errors = ErrorRegistry.entries.map { entry in
      JSONObject.Member(
        key: entry.kind.rawValue,
        value: ["code": .integer(Int64(entry.code)), "message": .string(entry.meaning)])
    }
    let definitions = schemas.definitions.map { JSONObject.Member(key: $0.name, value: $0.schema) }
    return [
      "openrpc": "1.3.2",
      "info": [
        "title": "Trimtab", "version": .string(Version.protocol),
        "description":
          "Which vision-language model to train, and at which GPU clocks. JSON-RPC 2.0 over stdin and stdout.",
      ],
      "methods": .array(methods + notifications),
      "components": [
        "schemas": .object(JSONObject(members: definitions)), "errors": .object(JSONObject(members: errors)),
      ],
    ]
  }

  /// A JSON Schema (2020-12) whose definitions are the params and the answer of each method and the params of each
  /// notification.
  ///
  /// - Parameter examples: of the message of that name, which the schema accepts.
  package static func jsonSchema(examples: (String) -> [JSON]) -> JSON {
    let schemas = messageSchemas()
    let definitions = schemas.definitions.map { definition -> JSONObject.Member in
      let examples = examples(definition.name)
      guard !examples.isEmpty, case .object(let object) = definition.schema else {
        return .init(key: definition.name, value: definition.schema)
      }
      let members = object.members + [.init(key: "examples", value: .array(examples))]
      return .init(key: definition.name, value: .object(JSONObject(members: members)))
    }
    return [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Messages of Trimtab",
      "x-protocolVersion": .string(Version.protocol), "$defs": .object(JSONObject(members: definitions)),
    ]
  }

  /// Names that stand for two types.
  package static var conflicts: [String] { messageSchemas().conflicts }

  private static func messageSchemas() -> MessageSchemas {
    var schemas = MessageSchemas(place: "#/$defs/")
    for route in Catalogue.routes {
      _ = schemas.define(paramsName(route.name), route.params(), doc: "Params of `\(route.name)`.", isRead: true)
      _ = answerSchema(route, &schemas)
    }
    for entry in Catalogue.notifications {
      _ = schemas.define(
        paramsName(entry.name), entry.params(), doc: "Params of `\(entry.name)`.",
        isRead: entry.direction == .clientToServer)
    }
    return schemas
  }

  /// The name of the params of a method or notification: `trial/next` has TrialNextParams.
  package static func paramsName(_ method: String) -> String { typeName(method) + "Params" }

  /// The name of what a method answers: `trial/next` has TrialNextAnswer.
  package static func answerName(_ method: String) -> String { typeName(method) + "Answer" }

  private static func typeName(_ method: String) -> String {
    method.split { !$0.isLetter }.map { word in
      ["gpu", "rpc"].contains(word) ? word.uppercased() : word.prefix(1).uppercased() + word.dropFirst()
    }.joined()
  }

  private static func answerSchema(_ route: Route, _ schemas: inout MessageSchemas) -> JSON {
    let (name, doc) = (answerName(route.name), "What `\(route.name)` answers.")
    switch route.answer {
    case .null: return ["type": "null"]
    case .object(let fields, _): return schemas.define(name, fields + Warnings.fields.schema, doc: doc, isRead: false)
    default: return schemas.define(name, route.answer, doc: doc)
    }
  }

  private static func descriptor(
    _ field: FieldSchema, of type: String, isRead: Bool, _ schemas: inout MessageSchemas
  ) -> JSON {
    marked(
      [
        "name": .string(field.name), "description": .string(field.doc), "required": .bool(field.isRequired),
        "schema": schemas.value(of: field, isRead: isRead),
      ], Deprecations.of(field.name, in: type))
  }

  /// Says that something is deprecated, where it is.
  private static func marked(_ json: JSON, _ deprecation: Deprecation?) -> JSON {
    guard deprecation != nil, case .object(let object) = json else { return json }
    return .object(JSONObject(members: object.members + [.init(key: "deprecated", value: true)]))
  }
}
