internal import JSON

/// A table of a manifest that is the params of a request, less those that the manifest as a whole answers.
struct ManifestSection: Sendable {
  /// The table's key.
  let key: String
  let doc: String
  /// The params, as the request declares them.
  let declared: [FieldSchema]
  /// Reads the params, and throws where they are not right.
  let check: @Sendable (JSON) throws(InvalidField) -> Void

  /// - Parameters:
  ///   - answered: params that no table has, since the manifest answers them.
  ///   - optional: required params that have a default here.
  private init<Params: ObjectReadable>(
    _ key: String, _ params: Params.Type, answered: Set<String>, optional: Set<String> = [], _ doc: String
  ) {
    self.key = key
    self.doc = doc
    declared = Schema.of(params).filter { !answered.contains($0.name) && $0.name != "workDoneToken" }.map {
      FieldSchema(
        name: $0.name, type: $0.type, expectation: $0.expectation,
        isRequired: $0.isRequired && !optional.contains($0.name), unit: $0.unit, doc: $0.doc)
    }
    check = { (json) throws(InvalidField) in _ = try params.init(reading: json) }
  }

  static let pool = ManifestSection(
    "pool", PoolSubmit.Params.self, answered: ["session"],
    "The models to choose from, the task and the rules: the params of `pool/submit`. A part may be its id alone.")
  static let pipeline = ManifestSection(
    "pipeline", PipelineDefine.Params.self, answered: ["session"], optional: ["pipeline"],
    "What one training iteration consists of: the params of `pipeline/define`.")
  static let profile = ManifestSection(
    "profile", ProfileSubmit.Params.self, answered: ["session", "pipeline"],
    "The pipeline's measurements: the params of `profile/submit`. Paths begin in the manifest's folder.")
  static let frontier = ManifestSection(
    "frontier", FrontierCharacterize.Params.self, answered: ["session", "pipeline"],
    "How to compute the frontier: the params of `frontier/characterize`.")
  static let objective = ManifestSection(
    "objective", FrontierQuery.Params.self, answered: ["session", "pipeline"],
    "The point of the frontier to run at: the params of `frontier/query`.")
  /// Its one field is the list itself.
  static let gpus = ManifestSection(
    "gpus", GPURegister.Params.self, answered: ["session"], "The GPUs of the search, as `gpu/register` takes them.")

  /// Those that are tables of params.
  static let tables = [pool, pipeline, profile, frontier, objective]
}
