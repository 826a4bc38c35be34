internal import JSON
internal import Sessions
internal import TrimtabServer

/// The protocol for programs: protocol-spec/model.json. A field has `since` where it came later than its message.
struct Model {
  let history: History

  func json() -> JSON {
    let methods = Catalogue.routes.map { route -> JSON in
      let params = Place("\(route.name) params", Contract.paramsName(route.name), history.since(route.name))
      let answer = Place("\(route.name) answer", Contract.answerName(route.name), history.since(route.name))
      return [
        "method": .string(route.name), "since": since(route.name),
        "purpose": .string(route.purpose), "long": .bool(route.isLong), "notification": .bool(route.isNotifiable),
        "params": .array(route.params().map { field($0, in: params, isParam: true) }),
        "answer": route.answer == .null ? .null : .array(route.answer.children.map { field($0, in: answer) }),
        "answerType": .string(route.answer.name),
        "errors": .array(route.refusals.map { .string($0.rawValue) }),
      ]
    }
    let notifications = Catalogue.notifications.filter { $0.direction != .serverRequest }.map(json)
    let serverRequests = Catalogue.notifications.filter { $0.direction == .serverRequest }.map(json)
    let errors = ErrorRegistry.entries.map { entry -> JSON in
      [
        "kind": .string(entry.kind.rawValue), "code": .integer(Int64(entry.code)),
        "since": history.since(error: entry.kind.rawValue).map(JSON.string) ?? .null, "meaning": .string(entry.meaning),
      ]
    }
    let deprecations = Deprecations.all.filter { $0.field == nil }.map { deprecation in
      JSONObject.Member(key: deprecation.owner, value: deprecated(deprecation))
    }
    return [
      "protocolVersion": .string(Version.protocol), "methods": .array(methods), "notifications": .array(notifications),
      "serverRequests": .array(serverRequests),
      // An answer that is an object may have these too.
      "everyAnswer": .array(Warnings.fields.schema.map { field($0, in: Place("every answer", "Warnings", nil)) }),
      "errors": .array(errors),
      // Methods and notifications; fields say it where they stand.
      "deprecated": .object(JSONObject(members: deprecations)),
    ]
  }

  private func json(_ entry: NotificationEntry) -> JSON {
    let params = Place("\(entry.name) params", Contract.paramsName(entry.name), history.since(entry.name))
    return [
      "method": .string(entry.name), "since": since(entry.name),
      "purpose": .string(entry.purpose), "direction": .string(entry.direction.rawValue),
      "params": .array(entry.params().map { field($0, in: params) }),
    ]
  }

  /// Where fields stand: for programs, in generated code, and since when what is around them has been there.
  private struct Place {
    let name: String
    let type: String
    let since: String?

    init(_ name: String, _ type: String, _ since: String?) { (self.name, self.type, self.since) = (name, type, since) }
  }

  private func since(_ method: String) -> JSON { history.since(method).map(JSON.string) ?? .null }

  private func deprecated(_ deprecation: Deprecation) -> JSON {
    ["since": .string(deprecation.since), "instead": .string(deprecation.instead)]
  }

  private func field(_ schema: FieldSchema, in place: Place, isParam: Bool = false) -> JSON {
    let name = "\(place.name).\(schema.name)"
    let since = history.since(place: name)
    var members: [JSONObject.Member] = [
      .init(key: "name", value: .string(schema.name)), .init(key: "type", value: .string(schema.type.name)),
      .init(key: "required", value: .bool(schema.isRequired)),
    ]
    if isParam { members.append(.init(key: "expects", value: .string(schema.expectation))) }
    if let values = schema.type.choices {
      members.append(.init(key: "values", value: .array(values.map(JSON.string))))
    }
    if let unit = schema.unit { members.append(.init(key: "unit", value: .string(unit))) }
    if let since, since != place.since, place.since != nil {
      members.append(.init(key: "since", value: .string(since)))
    }
    if let deprecation = Deprecations.of(schema.name, in: place.type) {
      members.append(.init(key: "deprecated", value: deprecated(deprecation)))
    }
    members.append(.init(key: "doc", value: .string(schema.doc)))
    let inner = schema.type.objects.flatMap { object in
      object.fields.map { field($0, in: Place(name, object.name, since), isParam: isParam) }
    }
    if !inner.isEmpty {
      members.append(.init(key: "fields", value: .array(inner)))
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
