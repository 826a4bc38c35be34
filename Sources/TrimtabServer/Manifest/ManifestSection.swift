internal import JSON

/// A table of a manifest that is the params of a request, less those that the manifest as a whole answers.
struct ManifestSection: Sendable {
  /// The table's key.
  let key: String
  let doc: String
  /// The request's method.
  let request: String
  /// The params, as the request declares them.
  let declared: [FieldSchema]
  /// The same with those that the manifest answers.
  private let params: [FieldSchema]
  /// Reads the params, and throws where they are not right.
  private let check: @Sendable (JSON) throws(InvalidField) -> Void

  /// - Parameters:
  ///   - answered: params that no table has, since the manifest answers them.
  ///   - optional: required params that have a default here.
  private init<Params: ObjectReadable>(
    _ key: String, _ request: String, _ params: Params.Type, answered: Set<String>, optional: Set<String> = [],
    _ doc: String
  ) {
    (self.key, self.request, self.doc) = (key, request, doc)
    self.params = Schema.of(params)
    declared = self.params.filter { !answered.contains($0.name) && $0.name != "workDoneToken" }.map {
      FieldSchema(
        name: $0.name, type: $0.type, expectation: $0.expectation,
        isRequired: $0.isRequired && !optional.contains($0.name), unit: $0.unit, doc: $0.doc)
    }
    check = { (json) throws(InvalidField) in _ = try params.init(reading: json) }
  }

  /// A value for one of the params that the request accepts: what the declaration requires of it, and what the request
  /// refuses to miss beside, such as one of two optional fields. Nil where there is no such param.
  func accepted(_ name: String) -> JSON? {
    guard let field = params.first(where: { $0.name == name }) else { return nil }
    let required = params.filter { $0.isRequired && $0.name != name } + [field]
    var json = FieldType.object(required.map(\.required), name: "").placeholder
    for _ in 0..<Self.attemptLimit {
      do throws(InvalidField) {
        try check(json)
        break
      } catch {
        guard let mended = json.mended(at: error.path[...], params) else { break }
        json = mended
      }
    }
    return json[name]
  }

  private static let attemptLimit = 8

  static let pool = ManifestSection(
    "pool", PoolSubmit.name, PoolSubmit.Params.self, answered: ["session"],
    "The models to choose from, the task and the rules: the params of `pool/submit`. A part may be its id alone.")
  static let pipeline = ManifestSection(
    "pipeline", PipelineDefine.name, PipelineDefine.Params.self, answered: ["session"], optional: ["pipeline"],
    "What one training iteration consists of: the params of `pipeline/define`.")
  static let profile = ManifestSection(
    "profile", ProfileSubmit.name, ProfileSubmit.Params.self, answered: ["session", "pipeline"],
    "The pipeline's measurements: the params of `profile/submit`. Paths begin in the manifest's folder.")
  static let frontier = ManifestSection(
    "frontier", FrontierCharacterize.name, FrontierCharacterize.Params.self, answered: ["session", "pipeline"],
    "How to compute the frontier: the params of `frontier/characterize`.")
  static let objective = ManifestSection(
    "objective", FrontierQuery.name, FrontierQuery.Params.self, answered: ["session", "pipeline"],
    "The point of the frontier to run at: the params of `frontier/query`.")
  /// Its one field is the list itself.
  static let gpus = ManifestSection(
    "gpus", GPURegister.name, GPURegister.Params.self, answered: ["session"],
    "The GPUs of the search, as `gpu/register` takes them.")

  /// Those that are tables of params.
  static let tables = [pool, pipeline, profile, frontier, objective]
}

extension FieldSchema {
  fileprivate var required: FieldSchema {
    FieldSchema(name: name, type: type, expectation: expectation, isRequired: true, unit: unit, doc: doc)
  }
}
