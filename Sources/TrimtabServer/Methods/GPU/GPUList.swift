package import JSON
package import Sessions

/// `gpu/list`: the registered devices.
package enum GPUList: SessionQuery {
  package static let name = "gpu/list"
  package static let purpose = "Lists the registered GPUs in the order of registration, as they were described."
  package static let refusals: [RequestError.Kind] = [.unknownSession]

  package struct Params: SessionScoped {
    package let session: String

    package init(from reader: inout ObjectReader) throws(InvalidField) { session = try reader.session() }
  }

  package struct Answer: ObjectWritable {
    let gpus: [GPU]

    package func write(to object: inout ObjectWriter) {
      object.list("gpus", gpus, "The registered GPUs.") { gpu, entry in gpu.write(to: &entry) }
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    Answer(gpus: session.gpus)
  }
}

extension GPU {
  /// The fields as gpu/register takes them.
  func write(to object: inout ObjectWriter) {
    object.field("id", id, "Its name in the session.")
    object.field("node", node, "The machine it is in.")
    object.field("model", model, "Its model.")
    object.field("memoryBytes", memoryBytes, "Its memory in bytes.")
    object.field("frequencies", frequencies, "The settings it supports.")
    object.field("blockingPowerWatts", blockingPowerWatts, "Watts it draws while it waits.")
    object.field("powerLimitWatts", powerLimitWatts, "Watts it is allowed to draw.")
    object.field("switchLatencySeconds", switchLatencySeconds, "Seconds that setting another frequency takes.")
    object.field("switchEnergyJoules", switchEnergyJoules, "Joules that it takes beyond the blocking power.")
  }
}
