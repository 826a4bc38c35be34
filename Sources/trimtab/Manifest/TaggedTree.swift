internal import Basics
internal import JSON
internal import ManifestText

/// A manifest's tree as JSON that names the type and the place of each value, for programs that check readers.
///
/// A value is an object of `type`, `range` (offsets in bytes, the end excluded) and `value`: integers and floats as
/// text, since JSON's numbers have no infinities and lose large integers in some readers. A member has `keys` beside
/// them, the ranges of the places that write its key.
enum TaggedTree {
  static func json(_ tree: SyntaxTree) -> JSON {
    let errors = tree.errors.map { error -> JSON in
      var members: [JSONObject.Member] = [
        .init(key: "range", value: range(error.range)), .init(key: "message", value: .string(error.message)),
      ]
      if let remedy = error.remedy { members.append(.init(key: "remedy", value: .string(remedy))) }
      return .object(JSONObject(members: members))
    }
    return ["errors": .array(errors), "root": table(tree.root)]
  }

  private static func node(_ node: SyntaxNode) -> JSON {
    let (type, value): (JSON, JSON) =
      switch node.value {
      case .string(let text): ("string", .string(text))
      case .integer(let number): ("integer", .string("\(number)"))
      case .float(let number): ("float", .string("\(number)"))
      case .boolean(let isTrue): ("boolean", .bool(isTrue))
      case .null: ("null", .null)
      case .dateTime(let text): ("dateTime", .string(text))
      case .list(let elements): ("list", .array(elements.map(Self.node)))
      case .table(let members): ("table", table(members))
      case .missing: ("missing", .null)
      }
    return ["type": type, "range": range(node.range), "value": value]
  }

  /// A member's value with the places of its key.
  private static func member(_ member: SyntaxTable.Member) -> JSON {
    guard case .object(let object) = node(member.node) else { preconditionFailure("a node is an object") }
    let keys = JSONObject.Member(key: "keys", value: .array(member.keyRanges.map(range)))
    return .object(JSONObject(members: object.members + [keys]))
  }

  private static func table(_ table: SyntaxTable) -> JSON {
    .object(JSONObject(members: table.members.map { .init(key: $0.key, value: member($0)) }))
  }

  private static func range(_ range: SourceRange) -> JSON {
    [.integer(Int64(range.lower)), .integer(Int64(range.upper))]
  }
}
