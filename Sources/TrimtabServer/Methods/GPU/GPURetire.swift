package import JSON
package import Sessions

/// `gpu/retire`: devices that are gone.
package enum GPURetire: InPlaceStep {
  package static let name = "gpu/retire"
  package static let purpose =
    """
    Removes GPUs from a session. Pipelines that were defined with them keep their powers. Trials that run on them are \
    lost and will be given out again from their last checkpoints.
    """
  package static let refusals: [RequestError.Kind] = [.unknownSession, .unknownGPU]

  package struct Params: SessionScoped {
    package let session: String
    let ids: [String]

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      ids = try reader.required(
        "ids", .list(of: .text(), count: 1...Limits.gpuCount), "The ids of the GPUs that are gone.")
      _ = try reader.optional("reason", .text(0...4096), "Why they are gone, for people; nothing depends on it.")
    }
  }

  package typealias Answer = Revised<GPUChange>

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    try session.retire(params.ids).map { Revised(session.revision, $0) }
  }
}
