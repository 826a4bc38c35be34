internal import Basics
internal import JSON
package import ManifestText
package import Sessions

/// Reads a manifest: its sections as requests, and everything that is wrong with it, each problem with its place.
package struct ManifestReader {
  package private(set) var manifest: Manifest
  /// In the order of the text.
  package private(set) var problems: [ManifestProblem] = []

  private let tree: SyntaxTree
  private let edits: ManifestEdits
  private let words: ManifestWords
  private var values: ManifestValues
  /// More problems than this in one section are not looked for: each takes another reading of it.
  private static let problemLimit = 16

  /// Reads a text's tree.
  ///
  /// - Parameter files: reads the files that it names, such as profiles; nil to leave them unread, as while one types.
  /// - Complexity: that of the requests, and of as many more readings of a section as it has problems, at most 16.
  package init(_ tree: SyntaxTree, files: FileAccess?) {
    self.tree = tree
    edits = ManifestEdits(tree)
    words = ManifestWords(language: tree.language)
    values = ManifestValues(edits)
    manifest = Manifest(name: ManifestFields.defaultName, seed: 0, isLaunched: false)
    problems = tree.errors.map {
      ManifestProblem(range: $0.range, code: .syntax, message: $0.message, remedy: $0.remedy)
    }
    readOwn()
    readSections()
    problems += values.problems
    checkLaunch()
    var review = ManifestReview(manifest, words, files: files)
    review.run()
    for finding in review.findings { problems.append(problem(finding)) }
    problems = problems.enumerated().sorted {
      ($0.element.range.lower, $0.offset) < ($1.element.range.lower, $1.offset)
    }.map(\.element)
  }

  /// Whether a request could use it: there are warnings at most.
  package var isUsable: Bool { !problems.contains { $0.severity == .error } }

  // MARK: Reading

  /// Reads the keys that are of no request, and notes those of the root that nothing knows.
  private mutating func readOwn() {
    let known = Set(ManifestSchema.own.map { ExactString($0.name) })
    let whole = values.object(tree.root, ManifestSchema.root, path: [], declared: [])
    let own = JSONObject(members: whole.filter { known.contains($0.key) })
    root = whole
    let fields = read(own, ManifestFields.self, at: [], keys: known) { (json) throws(InvalidField) in
      try ManifestFields(reading: json)
    }
    guard let fields else { return }
    manifest.name = fields.name
    manifest.seed = fields.seed ?? 0
    manifest.state = fields.state
    manifest.isLaunched = fields.command != nil
    manifest.model = fields.model
  }

  /// All values of the text, in declared names.
  private var root = JSONObject()

  private mutating func readSections() {
    let session = JSONObject.Member(key: "session", value: .string(manifest.name))
    if root["pool"] != nil || root["search"] != nil {
      manifest.pool = section(PoolSubmit.Params.self, pool, [session], at: [.key("pool")])
      if root["pool"] == nil {
        manifest.pool = nil
        problems.append(missing("pool", [], ManifestSection.pool.doc))
      }
    }
    let name: JSON = root["pipeline"]?["pipeline"] ?? .string(Manifest.defaultPipeline)
    let pipeline = JSONObject.Member(key: "pipeline", value: name)
    if let json = root["pipeline"] {
      let extra = json["pipeline"] == nil ? [session, pipeline] : [session]
      manifest.pipeline = section(PipelineDefine.Params.self, json, extra, at: [.key("pipeline")])
    }
    if let json = root["profile"] {
      manifest.profile = section(ProfileSubmit.Params.self, json, [session, pipeline], at: [.key("profile")])
    }
    if let json = root["frontier"] {
      manifest.frontier = section(FrontierCharacterize.Params.self, json, [session, pipeline], at: [.key("frontier")])
    }
    if let json = root["objective"] {
      manifest.objective = section(FrontierQuery.Params.self, json, [session, pipeline], at: [.key("objective")])
    }
    readGPUs(session)
  }

  /// The params of pool/submit, with the settings of the table `search` over those below `pool`.
  private var pool: JSON {
    guard case .object(let pool)? = root["pool"] ?? .object(JSONObject()) else { return root["pool"] ?? .null }
    guard case .object(let search)? = root["search"] else { return .object(pool) }
    let inner = pool["search"]?.objectValue?.filter { search[$0.key.text] == nil } ?? []
    let merged = JSONObject.Member(key: "search", value: .object(JSONObject(members: inner + Array(search))))
    return .object(JSONObject(members: pool.filter { $0.key != "search" } + [merged]))
  }

  /// GPUs are a number, "all", or a list; only a list's can be registered before a launcher looks at the machine.
  private mutating func readGPUs(_ session: JSONObject.Member) {
    guard let json = root["gpus"] else { return }
    switch json {
    case .array(let elements) where elements.count > 0:
      let list = elements.map { element -> JSON in
        switch element {
        case .string(let id): ["id": .string(id)]
        case .integer(let number): ["id": .string("\(number)")]
        default: element
        }
      }
      manifest.gpus = section(
        GPURegister.Params.self, ["gpus": .array(list)], [session], at: [])
    case .integer(let count) where (1...65_536).contains(count): break
    case .string(let text) where text.text == "all": break
    default:
      guard !values.holes.contains([.key("gpus")]) else { return }
      problems.append(
        ManifestProblem(
          range: tree.root["gpus"]?.node.range ?? SourceRange(0, 0), code: .invalidValue,
          message: "gpus: expected a number, \"all\", or a list of GPUs, found \(json.preview())",
          remedy: "write 4, \"all\", [\"0\", \"1\"] or [{ id = \"0\", memory_bytes = 80_000_000_000 }]"))
    }
  }

  private mutating func section<Params: ObjectReadable>(
    _ type: Params.Type, _ json: JSON, _ extra: [JSONObject.Member], at path: [InvalidField.PathComponent]
  ) -> Manifest.Section<Params>? {
    guard case .object(let object) = json else {
      let key = path.first.map { ManifestName.text([$0]) } ?? ""
      if !values.holes.contains(path) {
        problems.append(
          ManifestProblem(
            range: range(path), code: .invalidValue, message: "\(key): expected a table, found \(json.preview())",
            remedy: "write [\(key)] and its keys below it"))
      }
      return nil
    }
    let whole = JSONObject(members: Array(object) + extra)
    guard
      let params = read(
        whole, type, at: path, keys: path.isEmpty ? Set(object.map(\.key)) : [],
        { (json) throws(InvalidField) in
          try type.init(reading: json)
        })
    else { return nil }
    return Manifest.Section(json: whole, params: params)
  }

  /// Reads an object, and notes each problem: after one its place gets a value that is right, and the object is read
  /// again. Nil where there was a problem, or a value of it is missing in the text.
  ///
  /// - Parameter keys: the object's, where it is the root or part of it.
  private mutating func read<Value: ObjectReadable>(
    _ object: JSONObject, _ type: Value.Type, at path: [InvalidField.PathComponent], keys: Set<ExactString>,
    _ body: (JSON) throws(InvalidField) -> Value
  ) -> Value? {
    var json = JSON.object(object)
    var isRight = !values.holes.contains { hole in
      guard path.isEmpty else { return hole.starts(with: path) }
      guard case .key(let key)? = hole.first else { return false }
      return keys.contains(ExactString(key))
    }
    var (seen, removed): (Set<[InvalidField.PathComponent]>, Set<[InvalidField.PathComponent]>) = ([], [])
    for _ in 0..<Self.problemLimit {
      do throws(InvalidField) {
        let value = try body(json)
        return isRight ? value : nil
      } catch {
        isRight = false
        let place = path + error.path
        let isFirst = seen.insert(error.path).inserted
        // What a half-written value leads to is its syntax error's.
        if isFirst, !values.holes.contains(where: { place.starts(with: $0) }) {
          problems.append(problem(error, at: path))
        }
        // A value that its declaration allows may still break a rule of several fields; then none may not.
        guard isFirst || removed.insert(error.path).inserted,
          let mended = json.mended(at: error.path[...], Schema.of(type), isRemoved: !isFirst)
        else { return nil }
        json = mended
      }
    }
    return nil
  }

  // MARK: Problems

  /// The steps in the tree of a path in declared names; `search` of a pool may be a table of its own. It ends where the
  /// text has no more of it.
  private func place(_ path: [InvalidField.PathComponent]) -> (path: SyntaxPath, rest: [InvalidField.PathComponent]) {
    var path = path
    if path.starts(with: [.key("pool"), .key("search")]), tree.root["search"] != nil,
      path.count == 2 || placed(Array(path.dropFirst())).rest.isEmpty || tree.root["pool"]?.node.inner("search") == nil
    {
      path.removeFirst()
    }
    return placed(path)
  }

  private func placed(_ path: [InvalidField.PathComponent]) -> (path: SyntaxPath, rest: [InvalidField.PathComponent]) {
    var found: SyntaxPath = []
    for (index, component) in path.enumerated() {
      let candidates: [SyntaxStep]
      switch component {
      case .key(let name): candidates = [.key(ExactString(ManifestName.key(of: name))), .key(ExactString(name))]
      case .index(let index): candidates = [.index(index)]
      }
      guard let step = candidates.first(where: { tree.node(at: found + [$0]) != nil }) else {
        return (found, Array(path[index...]))
      }
      found.append(step)
    }
    return (found, [])
  }

  /// The place of the value at a path, or of the innermost value around it that the text has.
  private func range(_ path: [InvalidField.PathComponent]) -> SourceRange {
    let place = place(path)
    guard let node = tree.node(at: place.path) else { return SourceRange(0, 0) }
    if !place.rest.isEmpty || node.isTable, let member = tree.member(at: place.path), let key = member.keyRanges.first {
      // A table is too much to underline: its header or key says which it is.
      if case .list = node.value { return key }
      return node.range.lower > key.upper ? key : node.range
    }
    return node.range
  }

  private func problem(_ error: InvalidField, at path: [InvalidField.PathComponent]) -> ManifestProblem {
    let place = path + error.path
    let expected = words.expected(error.expected)
    if error.found == "nothing", case .key(let name)? = error.path.last {
      return missing(name, Array(place.dropLast()), "expected \(expected)", error.fix)
    }
    var problem = ManifestProblem(
      range: range(place), code: .invalidValue,
      message: "\(text(place)): expected \(expected), found \(words.found(error.found))",
      remedy: error.fix.map(words.remedy))
    if case .choice(let values)? = declaredType(place), case .string(let found)? = value(place),
      let near = UnknownField.nearest(to: found.text, among: values)
    {
      problem.remedy = "did you mean \"\(near)\"?"
      problem.fix = edits.replace(problem.range, by: "\"\(near)\"", title: "Write \"\(near)\"")
    }
    if case .list? = declaredType(place), case .string(let found)? = value(place) {
      problem.remedy = "write a list"
      let list = JSON.array([.string(found)]).text
      problem.fix = edits.replace(problem.range, by: list, title: "Write \(list)")
    }
    return problem
  }

  /// A key that is missing in the table at a path.
  private func missing(
    _ name: String, _ path: [InvalidField.PathComponent], _ expected: String, _ remedy: String? = nil
  ) -> ManifestProblem {
    let key = ManifestName.key(of: name)
    let place = place(path)
    let type = declaredType(path + [.key(name)])
    var problem = ManifestProblem(
      range: range(path), code: .missingKey,
      message: "\(path.isEmpty ? "the manifest" : text(path)) lacks \(key): \(expected)",
      remedy: remedy.map(words.remedy)
    )
    // Which key is missing is open where one of several will do: a list is seldom what was meant.
    if case .list? = type {
      problem.message = "\(text(path)): \(expected)"
    } else {
      problem.remedy = problem.remedy ?? "add \(key)"
      let section = path.count == 1 ? ManifestSection.tables.first { [.key($0.key)] == path } : nil
      let value = ManifestName.inManifest(section?.accepted(name) ?? type?.placeholder ?? "")
      problem.fix = place.rest.isEmpty ? edits.add(key, value, to: place.path) : nil
    }
    return problem
  }

  private mutating func checkLaunch() {
    guard manifest.isLaunched else { return }
    let range = tree.root["command"]?.keyRanges.first ?? SourceRange(0, 0)
    for (key, what) in [("state", "a folder to keep the search in"), ("pool", "a table of models and a task")]
    where tree.root[key] == nil {
      problems.append(
        ManifestProblem(
          range: range, code: .missingKey, message: "a manifest with a command lacks \(key): expected \(what)",
          remedy: "add \(key)", fix: key == "state" ? edits.add("state", "search", to: []) : nil))
    }
  }

  private func problem(_ finding: ManifestReview.Finding) -> ManifestProblem {
    if finding.isMissing, case .key(let name)? = finding.path.last {
      return missing(name, Array(finding.path.dropLast()), finding.message, finding.remedy)
    }
    var problem = ManifestProblem(
      range: range(finding.path), severity: finding.severity, code: finding.code,
      message: (finding.path.isEmpty ? "" : "\(text(finding.path)): ") + finding.message, remedy: finding.remedy)
    switch finding.fix {
    case .set(let json):
      let text = tree.language == .json ? json.text : TOMLText.value(json)
      problem.fix = edits.replace(problem.range, by: text, title: "Write \(text)")
    case .add(let name, let json):
      problem.fix = edits.add(ManifestName.key(of: name), json, to: place(finding.path).path)
    case nil: break
    }
    return problem
  }

  /// A path in the manifest's keys, as its author wrote it: settings of the search stand in a table of their own.
  private func text(_ path: [InvalidField.PathComponent]) -> String {
    var path = path
    if path.starts(with: [.key("pool"), .key("search")]), tree.root["pool"]?.node.inner("search") == nil {
      path.removeFirst()
    }
    let placed = placed(path)
    // Keys as they stand in the text, and those that do not as they would.
    let written = placed.path.map { step -> InvalidField.PathComponent in
      switch step {
      case .key(let key): .key(key.text)
      case .index(let index): .index(index)
      }
    }
    return ManifestName.text(
      written
        + placed.rest.map { step in
          if case .key(let name) = step { return .key(ManifestName.key(of: name)) }
          return step
        })
  }

  private func declaredType(_ path: [InvalidField.PathComponent]) -> FieldType? {
    var type = FieldType.object(ManifestSchema.root, name: "")
    for step in path {
      switch step {
      case .key(let name):
        guard let field = type.fields?.named(ExactString(name)) else { return nil }
        type = field.type
      case .index(let index): type = type.element(at: index)
      }
    }
    return type
  }

  private func value(_ path: [InvalidField.PathComponent]) -> JSON? {
    let place = place(path)
    guard place.rest.isEmpty, case .string(let text)? = tree.node(at: place.path)?.value else { return nil }
    return .string(text)
  }
}

extension SyntaxNode {
  fileprivate var isTable: Bool {
    if case .table = value { return true }
    return false
  }

  fileprivate func inner(_ key: String) -> SyntaxNode? {
    guard case .table(let table) = value else { return nil }
    return table[key]?.node
  }
}
