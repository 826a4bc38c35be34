package import JSON
internal import ModelSelection
package import Sessions

/// `gpu/retire`: devices that are gone.
package enum GPURetire: InPlaceStep {
  package static let name = "gpu/retire"
  package static let purpose =
    "Removes GPUs from a session; pipelines that were defined with them keep their powers. Trials that run on them are lost, and will be given out again from their last checkpoints."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .unknownGPU]

  package struct Params: SessionScoped {
    package let session: String
    let ids: [String]
    let reason: String?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      ids = try reader.required(
        "ids", .list(of: .text(), count: 1...Limits.gpuCount), "The ids of the GPUs that are gone.")
      reason = try reader.optional("reason", .text(0...4096), "Why they are gone, for people; nothing depends on it.")
    }
  }

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    var kept = Set(session.gpus.map(\.id))
    for (position, id) in params.ids.enumerated() {
      guard kept.remove(id) != nil else {
        throw RequestError(
          .unknownGPU, path: "ids[\(position)]", expected: "the id of a registered GPU", found: "\"\(id)\"",
          fix: "see gpu/list")
      }
    }
    session.gpus.removeAll { !kept.contains($0.id) }
    let lost = session.search?.retire(params.ids).map(\.number) ?? []
    return StepResult(
      Answer(revision: session.revision, gpuCount: session.gpus.count, lostTrials: lost),
      events: session.leaderChangeEvents())
  }

  package struct Answer: ObjectWritable {
    let revision: Int
    let gpuCount: Int
    let lostTrials: [Int]

    package func write(to object: inout ObjectWriter) {
      object.field("revision", revision, "Counts the session's accepted changes.")
      object.field("gpuCount", gpuCount, "GPUs registered now.")
      object.field("lostTrials", lostTrials.isEmpty ? nil : lostTrials, "Trials that ran on these GPUs and are lost.")
    }
  }
}
