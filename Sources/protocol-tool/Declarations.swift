internal import Basics
internal import JSON
internal import Transcripts
internal import TrimtabServer

/// Checks declarations against each other and against the transcripts.
enum Declarations {
  /// Contradictions among the declarations.
  static func problems() -> [String] {
    var problems: [String] = []
    for route in Catalogue.routes {
      if let fault = route.paramsFault() {
        problems.append("\(route.name): its params throw on placeholders, so fields are missing: \(fault)")
      }
      problems += repeated(route.params(), of: route.name)
      let answer = route.answer.children
      problems += repeated(answer, of: route.name) + unitless(answer, of: route.name)
    }
    for entry in Catalogue.notifications {
      problems += repeated(entry.params(), of: entry.name) + unitless(entry.params(), of: entry.name)
    }
    return problems
  }

  private static func repeated(_ fields: [FieldSchema], of owner: String) -> [String] {
    let names = fields.map(\.name)
    return Set(names).filter { name in names.count { $0 == name } > 1 }.sorted().map {
      "\(owner): the field \($0) is declared twice"
    } + fields.flatMap { repeated($0.children, of: "\(owner), \($0.name)") }
  }

  /// Every number has a unit: its name ends with one, or its declaration states one.
  private static func unitless(_ fields: [FieldSchema], of owner: String) -> [String] {
    fields.flatMap { field -> [String] in
      (field.type.isNumeric && field.unit == nil ? ["\(owner): the number \(field.name) has no unit"] : [])
        + unitless(field.children, of: "\(owner), \(field.name)")
    }
  }

  /// Messages of a transcript that differ from the declarations.
  static func problems(in transcript: Transcript, at path: String) -> [String] {
    var problems: [String] = []
    func expect(_ type: FieldType, _ json: JSON, _ message: String) {
      problems += type.violations(in: json).map { "\(path), \(message): \($0)" }
    }
    let routes = Dictionary(uniqueKeysWithValues: Catalogue.routes.map { ($0.name, $0) })
    for (sent, received, _) in transcript.requests {
      for message in received {
        if let result = message["result"], let answer = sent["method"]?.stringValue.flatMap({ routes[$0.text]?.answer })
        {
          var type = answer
          if case .object(let fields, _) = answer { type = .object(fields + Warnings.fields.schema, name: "") }
          expect(type, result, sent["method"]?.stringValue?.text ?? "")
        } else if let method = message["method"]?.stringValue?.text {
          if let entry = Catalogue.notifications.first(where: { $0.name == method }) {
            expect(.object(entry.params(), name: ""), message["params"] ?? .null, method)
          } else {
            problems.append("\(path): the notification \(method) is not declared")
          }
        }
      }
    }
    return problems
  }
}
