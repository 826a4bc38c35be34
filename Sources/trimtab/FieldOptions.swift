internal import Basics
internal import JSON

/// Command-line options that are fields of a request: a value is read by the field's own declaration, so its range and
/// its errors are those of the wire.
struct FieldOptions {
  let fields: [(option: String, field: String)]

  init(_ fields: [(option: String, field: String)]) { self.fields = fields }

  /// All options of several groups.
  init(_ groups: [FieldOptions]) { fields = groups.flatMap(\.fields) }

  var names: Set<String> { Set(fields.map(\.option)) }

  /// The given options as members of a params object. A value that is a number becomes one, numbers joined by commas
  /// become a list, anything else stays text.
  func members(_ arguments: Arguments) -> [String: JSON] {
    var members: [String: JSON] = [:]
    for (option, field) in fields {
      guard let text = arguments.text(option) else { continue }
      members[field] = Self.numbers(text) ?? .string(ExactString(text))
    }
    return members
  }

  private static func numbers(_ text: String) -> JSON? {
    guard case .array(let parts) = try? JSON.parse("[\(text)]"), !parts.isEmpty,
      parts.allSatisfy({ $0.doubleValue != nil })
    else { return nil }
    return parts.count == 1 ? parts[0] : .array(parts)
  }

  /// Reads params from their fields.
  ///
  /// - Throws: ``CommandFailure`` with status `usage` that names the option.
  func read<Params: ObjectReadable>(
    _ type: Params.Type, _ fields: [String: JSON]
  ) throws(CommandFailure) -> Params {
    let members = fields.map { JSONObject.Member(key: ExactString($0.key), value: $0.value) }
    do throws(InvalidField) {
      return try Params(readingKnownFieldsOf: .object(JSONObject(members: members)))
    } catch {
      let place = option(ofPath: error.pathText) ?? error.pathText
      throw CommandFailure(
        status: .usage,
        message: "\(place): expected \(error.expected), found \(error.found)" + (error.fix.map { "; \($0)" } ?? ""))
    }
  }

  /// The option behind a path into the params.
  func option(ofPath path: String) -> String? {
    let field = path.prefix { $0.isLetter }
    return fields.first { $0.field == field }?.option
  }
}
