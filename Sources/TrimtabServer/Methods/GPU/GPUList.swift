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

  package struct Answer: AnswerObject {
    let gpus: [GPU]

    package static let fields = Fields<Answer> {
      Field("gpus", "The registered GPUs.") { $0.gpus }
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    Answer(gpus: session.gpus.values)
  }
}

/// The fields as gpu/register takes them.
extension GPU: AnswerObject {
  package static let fields = Fields<GPU> {
    Field("id", "Its name in the session.") { $0.id }
    Field("node", "The machine it is in.") { $0.node }
    Field("model", "Its model.") { $0.model }
    Field("memoryBytes", "Its memory.") { $0.memoryBytes }
    Field("frequencies", "The settings it supports.") { $0.frequencies }
    Field("blockingPowerWatts", "Power it draws while it waits.") { $0.blockingPowerWatts }
    Field("powerLimitWatts", "Power it may draw.") { $0.powerLimitWatts }
    Field("switchLatencySeconds", "Time that setting another frequency takes.") { $0.switchLatencySeconds }
    Field("switchEnergyJoules", "Energy that this takes beyond the blocking power.") { $0.switchEnergyJoules }
  }
}
