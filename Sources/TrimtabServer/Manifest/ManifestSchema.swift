internal import Basics
package import JSON
package import ManifestText

/// What a manifest may say: the declared params of requests, and the few keys of its own, by the names they have in it.
package enum ManifestSchema {
  /// All top-level keys.
  package static let fields: [FieldSchema] = root.map(inManifest)

  /// The same by their declared names.
  static let root: [FieldSchema] =
    own.filter { first.contains($0.name) } + sections
    + own.filter { !first.contains($0.name) }

  /// The keys of no request.
  static let own = Schema.of(ManifestFields.self)

  private static let first: Set<String> = ["name", "state", "seed"]

  private static let sections: [FieldSchema] = {
    var sections: [FieldSchema] = []
    for section in ManifestSection.tables {
      let name = "Manifest" + section.key.prefix(1).uppercased() + section.key.dropFirst()
      sections.append(
        FieldSchema(
          name: section.key, type: .object(section.declared, name: name), expectation: "a table", isRequired: false,
          doc: section.doc))
      guard section.key == "pool", let search = section.declared.first(where: { $0.name == "search" }) else { continue }
      sections.append(search)
    }
    sections.append(
      FieldSchema(
        name: "gpus",
        type: .either(
          .integer(in: 1...65_536),
          .either(
            .choice(["all"]),
            .list(
              .either(.string(length: 1...256), .either(.integer(in: 0...65_535), gpu)), count: .init(atLeast: 1)))),
        expectation: "a number, \"all\", or a list of GPUs", isRequired: false,
        doc: """
          The GPUs that trials run on: how many, "all", or a list of identifiers or of tables as `gpu/register` takes \
          them.
          """))
    return sections
  }()

  /// A GPU as gpu/register declares it.
  static let gpu: FieldType = {
    guard case .list(let element, _)? = ManifestSection.gpus.declared.first?.type else { return .any }
    return element
  }()

  /// The declared names behind each key: a table's own is among them.
  static let declaredNamesOfKeys: [ExactString: [ExactString]] = Dictionary(
    grouping: declaredNames, by: { ExactString(ManifestName.key(of: $0.text)) })

  /// The names of all declared fields, however deep.
  static let declaredNames: Set<ExactString> = names(of: root)

  /// The field that a key of a manifest names, or the one whose elements an index of a list picks; nil where no key is
  /// known there. The field of an element is that of its list.
  package static func field(at path: SyntaxPath) -> FieldSchema? {
    var field: FieldSchema?
    for step in path {
      guard case .key(let key) = step else { continue }
      field = (field.map { $0.type.children } ?? fields).named(key)
      if field == nil { return nil }
    }
    return field
  }

  /// The keys that the table at `path` may have, in the order of their declaration; also for a table in a list.
  package static func fields(of path: SyntaxPath) -> [FieldSchema] {
    path.isEmpty ? fields : field(at: path)?.type.children ?? []
  }

  private static func names(of fields: [FieldSchema]) -> Set<ExactString> {
    fields.reduce(into: []) { $0.formUnion([ExactString($1.name)] + names(of: $1.type.children)) }
  }

  /// A declared field under the name that it has in a manifest.
  private static func inManifest(_ field: FieldSchema) -> FieldSchema {
    FieldSchema(
      name: ManifestName.key(of: field.name), type: inManifest(field.type),
      expectation: ManifestName.inManifest(field.expectation, declaredNames), isRequired: field.isRequired,
      unit: field.unit, doc: ManifestName.inManifest(field.doc, declaredNames))
  }

  private static func inManifest(_ type: FieldType) -> FieldType {
    switch type {
    case .object(let fields, let name) where name == Self.part:
      .either(.string(length: 1...256), .object(fields.map(inManifest), name: name))
    case .object(let fields, let name): .object(fields.map(inManifest), name: name)
    case .list(let element, let count): .list(inManifest(element), count: count)
    case .map(let element): .map(inManifest(element))
    case .pair(let first, let extra): .pair(inManifest(first), perhaps: inManifest(extra))
    case .either(let first, let second): .either(inManifest(first), inManifest(second))
    default: type
    }
  }

  /// A part of candidates, for which its id may stand.
  static let part = "PoolComponentEntry"
}
