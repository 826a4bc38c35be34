package import JSON
package import Sessions

/// A manifest that was read: its sections as the requests that they are, each nil where it is absent or not right.
package struct Manifest: Sendable {
  /// The session's name.
  package var name: String
  package var seed: Int
  /// The launcher's folder, as written; the sessions' state directory is `sessions` below it.
  package var state: String?
  /// Whether it says a job of the launcher.
  package var isLaunched: Bool
  /// The candidate that was chosen.
  package var model: CandidateName?
  package var pool: Section<PoolSubmit.Params>?
  package var pipeline: Section<PipelineDefine.Params>?
  package var profile: Section<ProfileSubmit.Params>?
  package var frontier: Section<FrontierCharacterize.Params>?
  package var objective: Section<FrontierQuery.Params>?
  package var gpus: Section<GPURegister.Params>?

  /// The params of a request, as JSON and as they were understood.
  package struct Section<Params: ObjectReadable>: Sendable {
    package var json: JSONObject
    package var params: Params
  }

  /// The name of its pipeline in the session.
  package var pipelineName: String { pipeline?.params.request.name ?? Self.defaultPipeline }

  static let defaultPipeline = "pipeline"
}
