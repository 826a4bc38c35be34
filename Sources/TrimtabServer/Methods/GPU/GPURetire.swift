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
      ids = try reader.required("ids", .list(of: .text(), count: 1...), "The ids of the GPUs that are gone.")
    }
  }

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(Refusal) -> Accepted<GPURegister.Answer> {
    for (position, id) in params.ids.enumerated() {
      guard let known = session.gpus.firstIndex(where: { $0.id == id }) else {
        throw Refusal(
          .unknownGPU, path: "ids[\(position)]", expected: "the id of a registered GPU", found: "\"\(id)\"",
          fix: "see gpu/list")
      }
      session.gpus.remove(at: known)
    }
    return Accepted(GPURegister.Answer(revision: session.revision, gpuCount: session.gpus.count))
  }

  package typealias Answer = GPURegister.Answer
}
