package import JSON

/// JSON Schemas of messages. Each type of object is defined once, under its name.
///
/// Schemas are open: a field that they do not name is no fault, so that clients made from them accept the answers of
/// later versions.
package struct MessageSchemas {
  /// Which version of JSON Schema is written.
  package enum Dialect: Sendable {
    /// Of OpenRPC. It has no `prefixItems`, and readers made for later drafts refuse its list in `items`: there an
    /// element may be what any of them may be.
    case draft7
    case draft2020
  }

  /// Where references to definitions point, as in `#/$defs/`.
  let place: String
  private let dialect: Dialect
  package private(set) var definitions: [(name: String, schema: JSON)] = []
  /// Names that stand for two types with different fields.
  package private(set) var conflicts: [String] = []
  private var defined: [String: [FieldSchema]] = [:]

  package init(place: String, dialect: Dialect = .draft2020) { (self.place, self.dialect) = (place, dialect) }

  /// Defines the object of `fields` and returns a reference to it.
  package mutating func define(_ name: String, _ fields: [FieldSchema], doc: String? = nil, isRead: Bool) -> JSON {
    let reference: JSON = ["$ref": .string(place + name)]
    if let known = defined[name] {
      if known != fields { conflicts.append(name) }
      return reference
    }
    defined[name] = fields
    let index = definitions.count
    definitions.append((name, .null))
    definitions[index].schema = object(fields, of: name, doc: doc, isRead: isRead)
    return reference
  }

  /// - Parameter isRead: whether the server reads the object; then a field that may be absent may be null as well.
  private mutating func object(_ fields: [FieldSchema], of name: String, doc: String?, isRead: Bool) -> JSON {
    var members: [JSONObject.Member] = [.init(key: "type", value: "object")]
    if let doc { members.append(.init(key: "description", value: .string(doc))) }
    let properties = fields.map {
      JSONObject.Member(key: $0.name, value: property($0, of: name, isRead: isRead))
    }
    members.append(.init(key: "properties", value: .object(JSONObject(members: properties))))
    let required = fields.filter(\.isRequired).map { JSON.string($0.name) }
    if !required.isEmpty { members.append(.init(key: "required", value: .array(required))) }
    return .object(JSONObject(members: members))
  }

  /// The schema of one field, with its documentation.
  private mutating func property(_ field: FieldSchema, of name: String, isRead: Bool) -> JSON {
    let property = adding("description", .string(field.doc), to: value(of: field, isRead: isRead))
    return Deprecations.of(field.name, in: name) == nil ? property : adding("deprecated", .bool(true), to: property)
  }

  /// The schema of one field's value.
  package mutating func value(of field: FieldSchema, isRead: Bool) -> JSON {
    var schema = schema(of: field.type, isRead: isRead)
    if isRead, !field.isRequired, field.type != .any { schema = ["anyOf": .array([schema, ["type": "null"]])] }
    return field.unit.map { adding("x-unit", .string($0), to: schema) } ?? schema
  }

  /// Defines an answer that is no object, and returns a reference to it.
  mutating func define(_ name: String, _ answer: FieldType, doc: String) -> JSON {
    definitions.append((name, adding("description", .string(doc), to: schema(of: answer, isRead: false))))
    return ["$ref": .string(place + name)]
  }

  private mutating func schema(of type: FieldType, isRead: Bool) -> JSON {
    switch type {
    case .any: return [:]
    case .null: return ["type": "null"]
    case .boolean: return ["type": "boolean"]
    case .integer(let range):
      return members(
        "integer", ("minimum", range.map { number($0.lowerBound) }), ("maximum", range.map { number($0.upperBound) }))
    case .number(let range):
      return members(
        "number", ("minimum", range.atLeast.map(JSON.number)), ("exclusiveMinimum", range.above.map(JSON.number)),
        ("maximum", range.atMost.map(JSON.number)))
    case .string(let length):
      return members(
        "string", ("minLength", length.map { number($0.lowerBound) }),
        ("maxLength", length.map { number($0.upperBound) }))
    case .choice(let values): return ["type": "string", "enum": .array(values.map(JSON.string))]
    case .list(let element, let count):
      let bounds = members(
        "array", ("minItems", number(count.atLeast)), ("maxItems", count.atMost.map(number)))
      return adding("items", schema(of: element, isRead: isRead), to: bounds)
    case .pair(let first, let extra):
      let (first, extra) = (schema(of: first, isRead: isRead), schema(of: extra, isRead: isRead))
      let bounds = members("array", ("minItems", number(2)), ("maxItems", number(3)))
      switch dialect {
      case .draft7: return adding("items", ["anyOf": .array([first, extra])], to: bounds)
      case .draft2020: return adding("prefixItems", .array([first, first, extra]), to: bounds)
      }
    case .map(let element):
      return adding("additionalProperties", schema(of: element, isRead: isRead), to: ["type": "object"])
    case .object(let fields, let name): return define(name, fields, isRead: isRead)
    case .either(let first, let second):
      return ["anyOf": .array([schema(of: first, isRead: isRead), schema(of: second, isRead: isRead)])]
    }
  }

  private func members(_ type: String, _ bounds: (String, JSON?)...) -> JSON {
    var members: [JSONObject.Member] = [.init(key: "type", value: .string(type))]
    for case (let name, let bound?) in bounds { members.append(.init(key: name, value: bound)) }
    return .object(JSONObject(members: members))
  }

  private func number(_ count: Int) -> JSON { .integer(Int64(count)) }

  private func adding(_ name: String, _ value: JSON, to schema: JSON) -> JSON {
    guard case .object(let object) = schema else { return schema }
    return .object(JSONObject(members: object.members + [.init(key: name, value: value)]))
  }
}
