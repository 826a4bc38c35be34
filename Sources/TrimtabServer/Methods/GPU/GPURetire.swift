package import JSON
package import Sessions

/// `gpu/retire`: devices that are gone.
package enum GPURetire: SessionStep {
  package static let name = "gpu/retire"
  package static let purpose = "Removes GPUs from a session; pipelines that were defined with them keep their powers."
  package static let refusals: [Refusal.Kind] = [.unknownSession, .unknownGPU]

  package struct Params: SessionScoped {
    package let session: String
    let ids: [String]

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      ids = try reader.required(
        "ids", .list(of: .text(), count: 1...Limits.gpuCount), "The ids of the GPUs that are gone.")
    }
  }

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(Refusal) -> Accepted<GPURegister.Answer> {
    var kept = Set(session.gpus.map(\.id))
    for (position, id) in params.ids.enumerated() {
      guard kept.remove(id) != nil else {
        throw Refusal(
          .unknownGPU, path: "ids[\(position)]", expected: "the id of a registered GPU", found: "\"\(id)\"",
          fix: "see gpu/list")
      }
    }
    session.gpus.removeAll { !kept.contains($0.id) }
    return Accepted(GPURegister.Answer(revision: session.revision, gpuCount: session.gpus.count))
  }

  package typealias Answer = GPURegister.Answer
}
