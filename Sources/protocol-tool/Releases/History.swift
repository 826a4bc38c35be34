internal import Files
internal import JSON
internal import TrimtabServer

/// The releases of the protocol, and since when each part of the present one has been there.
struct History {
  static let folder = "protocol-spec/releases"

  let present: Release
  /// Oldest first.
  let releases: [Release]
  private var versions: [String: Release.Version] = [:]
  /// By type and field: the earliest version of any place where the type has the field.
  private var fieldVersions: [String: Release.Version] = [:]
  private var ownerVersions: [String: Release.Version] = [:]

  /// Reads the files of all releases; a file that cannot be read ends the tool.
  static func load() -> History {
    let releases = FileSystem.names(in: folder).filter { $0.hasSuffix(".txt") }.map { name -> Release in
      let version = String(name.dropLast(".txt".count))
      guard let text = readFile("\(folder)/\(name)"), let release = Release(version: version, text: text) else {
        fatalError("\(folder)/\(name): expected a line `PLACE: SIGNATURE` for each place, each once")
      }
      return release
    }
    return History(present: .present(), releases: releases.sorted { $0.version < $1.version })
  }

  init(present: Release, releases: [Release]) {
    (self.present, self.releases) = (present, releases)
    for place in present.places {
      versions[place.name] = releases.first { $0.signatures[place.name] != nil }?.version ?? present.version
    }
    for route in Catalogue.routes {
      note(route.params(), "\(route.name) params", in: Contract.paramsName(route.name), of: route.name)
      note(route.answer.children, "\(route.name) answer", in: Contract.answerName(route.name), of: route.name)
    }
    for entry in Catalogue.notifications {
      note(entry.params(), "\(entry.name) params", in: Contract.paramsName(entry.name), of: entry.name)
    }
  }

  private mutating func note(_ fields: [FieldSchema], _ prefix: String, in owner: String, of place: String) {
    if let version = versions[place] { ownerVersions[owner] = min(ownerVersions[owner] ?? version, version) }
    for field in fields {
      let place = "\(prefix).\(field.name)"
      guard let version = versions[place] else { continue }
      let key = "\(owner).\(field.name)"
      fieldVersions[key] = min(fieldVersions[key] ?? version, version)
      for object in field.type.objects { note(object.fields, place, in: object.name, of: place) }
    }
  }

  /// The version that a method or notification came with.
  func since(_ method: String) -> String? { versions[method]?.text }

  func since(error kind: String) -> String? { versions["error \(kind)"]?.text }

  /// The version that the field at a place came with.
  func since(place: String) -> String? { versions[place]?.text }

  /// The version that a field came with; nil where that is the one that its type came with.
  func since(_ type: String, _ field: String) -> String? {
    fieldVersions["\(type).\(field)"].flatMap { $0 == ownerVersions[type] ? nil : $0.text }
  }

  /// The newest release.
  var last: Release? { releases.last }

  /// What is wrong with the history: a version that does not count on, or changes that CHANGELOG.md does not name.
  func problems(changelog: String) -> [String] {
    guard let last else { return ["\(Self.folder): expected a release, found none"] }
    if present.version < last.version {
      return ["the version is \(present.version.text), below the release \(last.version.text)"]
    }
    let differences = Differences(from: last, to: present)
    if present.version == last.version {
      return differences.isEmpty
        ? [] : ["the protocol differs from its release \(last.version.text); raise Version.protocol"]
    }
    var problems = unknownDeprecations()
    let section = Self.section(present.version.text, of: changelog)
    if section == nil { problems.append("protocol-spec/CHANGELOG.md: expected a section `## \(present.version.text)`") }
    for name in differences.toBeNamed where !(section ?? "").contains("`\(name)`") {
      problems.append("protocol-spec/CHANGELOG.md: `\(name)` is not named under \(present.version.text)")
    }
    return problems
  }

  /// Deprecations of what the protocol has not.
  private func unknownDeprecations() -> [String] {
    Deprecations.all.filter { deprecation in
      guard let field = deprecation.field else { return versions[deprecation.owner] == nil }
      return fieldVersions["\(deprecation.owner).\(field)"] == nil
    }.map { "Deprecations: the protocol has no \($0.owner) \($0.field ?? "")" }
  }

  /// The lines below the heading of a version.
  private static func section(_ version: String, of changelog: String) -> String? {
    let lines = changelog.split(separator: "\n", omittingEmptySubsequences: false)
    guard let heading = lines.firstIndex(of: "## \(version)") else { return nil }
    return lines[(heading + 1)...].prefix { !$0.hasPrefix("## ") }.joined(separator: "\n")
  }
}
