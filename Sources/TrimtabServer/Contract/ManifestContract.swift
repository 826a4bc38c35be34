internal import Basics
package import JSON

/// A manifest's declarations as a JSON Schema.
package enum ManifestContract {
  /// JSON Schema 2020-12 of `trimtab.json`; a TOML manifest has the same tables. Unlike a message's, it is closed: a
  /// key that is not declared is an error.
  package static func jsonSchema() -> JSON {
    var schemas = MessageSchemas(place: "#/$defs/")
    let root = schemas.define("Manifest", ManifestSchema.fields, isRead: false)
    let definitions = schemas.definitions.map { definition -> JSONObject.Member in
      guard case .object(let object) = Self.withStrings(definition.schema) else {
        preconditionFailure("a schema is an object")
      }
      let closed = JSONObject.Member(key: "additionalProperties", value: false)
      return .init(key: .init(definition.name), value: .object(JSONObject(members: Array(object) + [closed])))
    }
    return [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A manifest of Trimtab",
      "description": "What trimtab.json or trimtab.toml may say.", "$ref": root["$ref"] ?? .null,
      "$defs": .object(JSONObject(members: definitions)),
    ]
  }

  /// The schema of an object with one more rule: the environment's names are anybody's, and its values strings, which
  /// no declared type says.
  private static func withStrings(_ schema: JSON) -> JSON {
    guard case .object(let object) = schema, case .object(let properties)? = object["properties"],
      case .object(let environment)? = properties["environment"]
    else { return schema }
    let strings: [JSONObject.Member] = [
      .init(key: "type", value: "object"), .init(key: "additionalProperties", value: ["type": "string"]),
    ]
    let changed = properties.map { member -> JSONObject.Member in
      member.key == "environment"
        ? .init(key: member.key, value: .object(JSONObject(members: Array(environment) + strings))) : member
    }
    return .object(
      JSONObject(
        members: object.map { member -> JSONObject.Member in
          member.key == "properties"
            ? .init(key: member.key, value: .object(JSONObject(members: changed))) : member
        }))
  }

  /// Names that stand for two tables with different keys.
  package static var conflicts: [String] {
    var schemas = MessageSchemas(place: "#/$defs/")
    _ = schemas.define("Manifest", ManifestSchema.fields, isRead: false)
    return schemas.conflicts
  }
}
