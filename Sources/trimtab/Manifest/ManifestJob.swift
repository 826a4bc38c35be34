internal import Basics
internal import JSON
internal import Sessions
internal import TrimtabServer

/// What a command takes from a manifest in place of its options and files.
struct ManifestJob {
  private let file: ManifestFile
  private let profile: Manifest.Section<ProfileSubmit.Params>
  /// The fields of its pipeline, and those of how to compute its frontier.
  let pipeline: [String: JSON]
  let frontier: [String: JSON]
  /// Nil where it says none.
  let target: FrontierTarget?
  let gpus: [GPU]

  /// Reads a manifest that says a job.
  ///
  /// - Throws: ``CommandFailure`` that names its problems, or the table that it lacks.
  init(_ path: String) throws(CommandFailure) {
    file = try ManifestFile(path)
    let manifest = try Self.usable(file, file.files)
    guard let pipeline = manifest.pipeline, let profile = manifest.profile else {
      throw Self.lacks(path, manifest.pipeline == nil ? "pipeline" : "profile")
    }
    self.profile = profile
    self.pipeline = Self.fields(pipeline.json)
    frontier = manifest.frontier.map { Self.fields($0.json) } ?? [:]
    target = manifest.objective?.params.target
    gpus = manifest.gpus?.params.gpus ?? []
  }

  /// The fields of pool/submit in a manifest that says a search.
  ///
  /// - Throws: ``CommandFailure`` that names its problems, or the table that it lacks.
  static func pool(_ path: String) throws(CommandFailure) -> JSONObject {
    let manifest = try usable(try ManifestFile(path), nil)
    guard let pool = manifest.pool else { throw lacks(path, "pool") }
    let members = pool.json.filter { $0.key != "session" && $0.key != "search" }
    var search = pool.json["search"]?.objectValue.map(Array.init) ?? []
    // The session's seed is the search's where that says none.
    if !search.contains(where: { $0.key == "seed" }) {
      search.append(.init(key: "seed", value: .integer(Int64(manifest.seed))))
    }
    return JSONObject(members: members + [.init(key: "search", value: .object(JSONObject(members: search)))])
  }

  /// The file of its measurements, or the manifest itself where they stand in it.
  var profilePath: String { profile.json["csvPath"]?.stringValue?.text ?? file.path }

  /// Its measurements.
  ///
  /// - Parameter overrides: fields of profile/submit in place of the manifest's.
  func rows(_ overrides: [String: JSON]) throws(CommandFailure) -> [ProfileRow] {
    let members = Self.fields(profile.json).merging(overrides) { $1 }
    let params: ProfileSubmit.Params
    do throws(InvalidField) {
      params = try ProfileSubmit.Params(
        reading: .object(JSONObject(members: members.map { .init(key: ExactString($0.key), value: $0.value) })))
    } catch {
      throw CommandFailure(status: .usage, message: "\(file.path): \(error)")
    }
    do throws(RequestError) { return try ProfileSubmit.rows(params, file.files) } catch {
      throw CommandFailure(error, path: file.path)
    }
  }

  private static func fields(_ json: JSONObject) -> [String: JSON] {
    Dictionary(json.map { ($0.key.text, $0.value) }) { first, _ in first }
  }

  private static func lacks(_ path: String, _ table: String) -> CommandFailure {
    CommandFailure(
      status: .badInput, message: "\(path): expected a table [\(table)], found none; trimtab init writes an example")
  }

  /// What a manifest says, where nothing is wrong with it but what the command itself refuses, or an option mends.
  private static func usable(_ file: ManifestFile, _ files: FileAccess?) throws(CommandFailure) -> Manifest {
    let reader = ManifestReader(file.tree, files: files)
    let errors = reader.problems.filter { $0.severity == .error && $0.code != .deadlineBelowFastest }
    guard errors.isEmpty else {
      throw CommandFailure(
        status: .badInput,
        message: "expected a manifest without errors, found\n\(CheckReport(file, errors).text.dropLast())")
    }
    return reader.manifest
  }
}
