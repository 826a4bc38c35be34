internal import JSON
internal import Sessions
internal import TrimtabServer

/// One version of the protocol as a list of places: methods, notifications, fields and errors, each with what it is.
///
/// Files of releases are never changed. A line is `PLACE: SIGNATURE`, as in
/// `trial/next params.session: required string(1...256)`.
struct Release {
  struct Version: Comparable {
    let text: String
    private let numbers: [Int]

    /// Nil for what is no version such as `0.2`.
    init?(_ text: String) {
      numbers = text.split(separator: ".", omittingEmptySubsequences: false).compactMap { Int($0) }
      guard numbers.count == 2, numbers.map(String.init).joined(separator: ".") == text else { return nil }
      self.text = text
    }

    static func < (a: Version, b: Version) -> Bool { a.numbers.lexicographicallyPrecedes(b.numbers) }
  }

  struct Place: Equatable {
    let name: String
    let signature: String
  }

  let version: Version
  let places: [Place]
  /// The same by name.
  let signatures: [String: String]

  private init(_ version: Version, _ places: [Place]) {
    (self.version, self.places) = (version, places)
    signatures = Dictionary(places.map { ($0.name, $0.signature) }) { first, _ in first }
  }

  /// Reads the file of a release; nil where a line is not of the form, or stands twice.
  init?(version: String, text: String) {
    guard let version = Version(version) else { return nil }
    var places: [Place] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let colon = line.firstRange(of: ": ") else { return nil }
      places.append(Place(name: String(line[..<colon.lowerBound]), signature: String(line[colon.upperBound...])))
    }
    self.init(version, places)
    guard signatures.count == places.count else { return nil }
  }

  var text: String {
    "# The protocol as of version \(version.text); written by `protocol-tool release`, never changed afterwards.\n"
      + places.map { "\($0.name): \($0.signature)\n" }.joined()
  }

  /// The protocol as the code declares it.
  static func present() -> Release {
    var places: [Place] = []
    for route in Catalogue.routes {
      let flags = (route.isLong ? ", long" : "") + (route.isNotifiable ? ", may be a notification" : "")
      places.append(Place(name: route.name, signature: "method" + flags + deprecation(Deprecations.of(route.name))))
      places += fields(route.params(), "\(route.name) params", in: Contract.paramsName(route.name))
      places += fields(route.answer.children, "\(route.name) answer", in: Contract.answerName(route.name))
      places += route.refusals.map { Place(name: "\(route.name) error.\($0.rawValue)", signature: "refusal") }
    }
    for entry in Catalogue.notifications {
      places.append(
        Place(name: entry.name, signature: entry.direction.rawValue + deprecation(Deprecations.of(entry.name))))
      places += fields(entry.params(), "\(entry.name) params", in: Contract.paramsName(entry.name))
    }
    places += fields(Warnings.fields.schema, "every answer", in: "Warnings")
    places += ErrorRegistry.entries.map { Place(name: "error \($0.kind.rawValue)", signature: "code \($0.code)") }
    guard let version = Version(TrimtabServer.Version.protocol) else {
      fatalError("expected MAJOR.MINOR as version of the protocol, found \(TrimtabServer.Version.protocol)")
    }
    return Release(version, places)
  }

  private static func fields(_ fields: [FieldSchema], _ prefix: String, in owner: String) -> [Place] {
    fields.flatMap { field -> [Place] in
      let place = "\(prefix).\(field.name)"
      let need = field.isRequired ? "required " : "optional "
      let signature =
        need + signature(field.type) + (field.unit.map { ", \($0)" } ?? "")
        + deprecation(Deprecations.of(field.name, in: owner))
      return [Place(name: place, signature: signature)]
        + field.type.objects.flatMap { Self.fields($0.fields, place, in: $0.name) }
    }
  }

  private static func deprecation(_ deprecation: Deprecation?) -> String {
    deprecation.map { ", deprecated since \($0.since)" } ?? ""
  }

  /// A type in a few words, with its bounds.
  private static func signature(_ type: FieldType) -> String {
    func bounds(_ range: ClosedRange<Int>?) -> String { range.map { "(\($0))" } ?? "" }
    switch type {
    case .any, .null, .boolean, .object: return type.name
    case .integer(let range): return "integer" + bounds(range)
    case .number(let range):
      let limits = [
        range.atLeast.map { ">= \($0)" }, range.above.map { "> \($0)" }, range.atMost.map { "<= \($0)" },
      ].compactMap { $0 }
      return limits.isEmpty ? "number" : "number(\(limits.joined(separator: ", ")))"
    case .string(let length): return "string" + bounds(length)
    case .choice(let words): return words.joined(separator: "|")
    case .list(let element, let count):
      let most = count.atMost.map(String.init) ?? ""
      return "list\(count.atLeast == 0 && count.atMost == nil ? "" : "(\(count.atLeast)...\(most))") of "
        + signature(element)
    case .map(let value): return "object of \(signature(value))"
    case .pair(let first, let extra): return "two of \(signature(first)), perhaps \(signature(extra))"
    case .either(let first, let second): return "\(signature(first)) or \(signature(second))"
    }
  }
}

extension FieldType {
  /// The objects in a value of this type, not those inside them.
  var objects: [(name: String, fields: [FieldSchema])] {
    switch self {
    case .object(let fields, let name): [(name, fields)]
    case .list(let element, _), .map(let element): element.objects
    case .pair(let first, let second), .either(let first, let second): first.objects + second.objects
    case .any, .null, .boolean, .integer, .number, .string, .choice: []
    }
  }
}
