internal import EnergyFrontier
package import JSON
package import Sessions

/// `gpu/register`: makes devices known to a session.
package enum GPURegister: InPlaceStep {
  package static let name = "gpu/register"
  package static let purpose = "Registers GPUs with a session; an id that is known already is described anew."
  package static let refusals: [RequestError.Kind] = [.unknownSession]

  package struct Params: SessionScoped {
    package let session: String
    let gpus: [Entry]

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      gpus = try reader.required("gpus", .list(of: .object(), count: 1...Limits.gpuCount), "The GPUs, in any order.")
      let ids = gpus.map(\.gpu.id)
      try reader.check(Set(ids).count == ids.count, "gpus", expected: "each id once")
    }
  }

  struct Entry: ObjectReadable {
    let gpu: GPU

    init(from reader: inout ObjectReader) throws(InvalidField) {
      gpu = GPU(
        id: try reader.required("id", .text(), "A name that is unique in the session."),
        node: try reader.optional("node", .text(), "The machine it is in."),
        model: try reader.optional("model", .text(), "Its model, for people; nothing is looked up by it."),
        memoryBytes: try reader.optional("memoryBytes", .integer(in: 1...Int.max), "Its memory in bytes."),
        frequencies: try reader.optional(
          "frequencies", .list(of: .any), "The settings it supports, usually clocks in MHz."),
        blockingPowerWatts: try reader.optional(
          "blockingPowerWatts", .number(in: 0...1e30), "Watts it draws while it waits for others."),
        powerLimitWatts: try reader.optional(
          "powerLimitWatts", .number(in: Measurement.acceptedRange),
          "Watts it is allowed to draw; measurements above are flagged."),
        switchLatencySeconds: try reader.optional(
          "switchLatencySeconds", .number(in: 0...1e30),
          "Seconds that setting another frequency takes between two instructions."),
        switchEnergyJoules: try reader.optional(
          "switchEnergyJoules", .number(in: 0...1e30),
          "Joules that it takes beyond the blocking power over that time."))
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let known = Dictionary(uniqueKeysWithValues: zip(session.gpus.map(\.id), session.gpus.indices))
    for gpu in params.gpus.map(\.gpu) {
      if let index = known[gpu.id] {
        session.gpus[index] = gpu
      } else {
        session.gpus.append(gpu)
      }
    }
    session.search?.register(params.gpus.map(\.gpu))
    return StepResult(Answer(revision: session.revision, gpuCount: session.gpus.count))
  }

  package struct Answer: ObjectWritable {
    let revision: Int
    let gpuCount: Int

    package func write(to object: inout ObjectWriter) {
      object.field("revision", revision, "Counts the session's accepted changes.")
      object.field("gpuCount", gpuCount, "GPUs registered now.")
    }
  }
}
