internal import Basics
internal import Files
internal import JSON
internal import JSONRPC
internal import ManifestText
internal import Sessions

/// What the text of a manifest means.
struct ManifestAnalysis {
  let tree: SyntaxTree
  let manifest: Manifest
  let problems: [ManifestProblem]
  let models: ModelIndex
  /// Whether the files that it names were read.
  let hasReadFiles: Bool
  /// How long that took, in seconds.
  let seconds: Double
  private let folder: String?

  /// - Parameter readsFiles: whether to read the files that the text names, which may take long.
  init(_ bytes: [UInt8], _ language: SyntaxTree.Language, folder: String?, readsFiles: Bool) {
    let start = monotonicSeconds()
    tree = SyntaxTree(bytes, language)
    let reader = ManifestReader(tree, files: readsFiles ? folder.map { FileAccess(folder: $0) } : nil)
    (manifest, problems) = (reader.manifest, reader.problems)
    models = ModelIndex(tree)
    self.folder = folder
    hasReadFiles = readsFiles || manifest.profile == nil
    seconds = monotonicSeconds() - start
  }

  /// What to ask the session for, and the state directory that the manifest names.
  var session: (query: SessionViewQuery, directory: String?) {
    let objective = manifest.objective.map { section in
      JSON.object(JSONObject(members: section.json.filter { $0.key != "session" && $0.key != "pipeline" }))
    }
    let query = SessionViewQuery(
      session: manifest.name, pipeline: manifest.pipeline == nil ? nil : manifest.pipelineName, objective: objective)
    return (query, manifest.state.flatMap(stateDirectory))
  }

  /// Where the launcher keeps the sessions of a state folder.
  private func stateDirectory(_ state: String) -> String? {
    if FilePath.isAbsolute(state) { return state + "/sessions" }
    return folder.map { "\($0)/\(state)/sessions" }
  }
}
