internal import JSON
internal import Sessions
internal import TrimtabServer

/// The protocol for programs: protocol-spec/model.json.
enum Model {
  static func json() -> JSON {
    let methods = Catalogue.routes.map { route -> JSON in
      [
        "method": .string(route.name), "purpose": .string(route.purpose), "long": .bool(route.isLong),
        "notification": .bool(route.isNotifiable), "params": .array(route.params().map { field($0, isParam: true) }),
        "answer": route.answer == .null ? .null : .array(route.answer.children.map { field($0) }),
        "errors": .array(route.refusals.map { .string($0.rawValue) }),
      ]
    }
    let notifications = Catalogue.notifications.map { entry -> JSON in
      [
        "method": .string(entry.name), "purpose": .string(entry.purpose),
        "direction": .string(entry.direction.rawValue), "params": .array(entry.params().map { field($0) }),
      ]
    }
    let errors = ErrorRegistry.entries.map { entry -> JSON in
      ["kind": .string(entry.kind.rawValue), "code": .integer(Int64(entry.code)), "meaning": .string(entry.meaning)]
    }
    return [
      "protocolVersion": .string(Version.protocol), "methods": .array(methods), "notifications": .array(notifications),
      // An answer that is an object may have these too.
      "everyAnswer": .array(Warnings.fields.schema.map { field($0) }),
      "errors": .array(errors),
    ]
  }

  private static func field(_ schema: FieldSchema, isParam: Bool = false) -> JSON {
    var members: [JSONObject.Member] = [
      .init(key: "name", value: .string(schema.name)), .init(key: "type", value: .string(schema.type.name)),
      .init(key: "required", value: .bool(schema.isRequired)),
    ]
    if isParam { members.append(.init(key: "expects", value: .string(schema.expectation))) }
    if let values = schema.type.choices {
      members.append(.init(key: "values", value: .array(values.map(JSON.string))))
    }
    if let unit = schema.unit { members.append(.init(key: "unit", value: .string(unit))) }
    members.append(.init(key: "doc", value: .string(schema.doc)))
    if !schema.children.isEmpty {
      members.append(.init(key: "fields", value: .array(schema.children.map { field($0, isParam: isParam) })))
    }
    return .object(JSONObject(members: members))
  }
}

extension JSON {
  /// The value with each member and element of the outer levels on its own line, so that differences are small; a value
  /// that contains no object is on one line.
  var indentedText: String { indentedText(at: 0) }

  private func indentedText(at depth: Int) -> String {
    let (margin, end) = (String(repeating: " ", count: depth + 1), String(repeating: " ", count: depth))
    switch self {
    case .object(let object) where object.members.contains { $0.value.holdsObjects }:
      let members = object.members.map {
        "\(margin)\(JSON.string($0.key).text): \($0.value.indentedText(at: depth + 1))"
      }
      return "{\n\(members.joined(separator: ",\n"))\n\(end)}"
    case .array(let elements) where holdsObjects:
      return "[\n\(elements.map { margin + $0.indentedText(at: depth + 1) }.joined(separator: ",\n"))\n\(end)]"
    default: return text
    }
  }

  private var holdsObjects: Bool {
    switch self {
    case .object: true
    case .array(let elements): elements.contains { $0.holdsObjects }
    default: false
    }
  }
}
