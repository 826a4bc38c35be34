internal import Basics
internal import EnergyFrontier
package import JSON
internal import ModelSelection
package import Sessions

/// `gpu/register`: makes devices known to a session.
package enum GPURegister: InPlaceStep {
  package static let name = "gpu/register"
  package static let purpose = "Registers GPUs with a session; a known id gets the new description."
  package static let refusals: [RequestError.Kind] = [.unknownSession]

  package struct Params: SessionScoped {
    package let session: String
    package let gpus: [GPU]

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      gpus = try reader.required(
        "gpus", .list(of: Shape<Entry>.object().map(\.gpu), count: 1...Limits.gpuCount), "The GPUs, in any order.")
      try reader.check(
        Set(gpus.map { ExactString($0.id) }).count == gpus.count, "gpus", expected: "each id once")
    }
  }

  private struct Entry: ObjectReadable {
    let gpu: GPU

    init(from reader: inout ObjectReader) throws(InvalidField) {
      gpu = GPU(
        id: try reader.required("id", .text(), "A name that is unique in the session."),
        node: try reader.optional("node", .text(), "The machine it is in."),
        model: try reader.optional("model", .text(), "Its model, for people; nothing is looked up by it."),
        memoryBytes: try reader.optional("memoryBytes", .integer(in: 1...Int.max), "Its memory."),
        frequencies: try reader.optional(
          "frequencies", .list(of: .any), "The settings it supports, usually clocks in MHz."),
        blockingPowerWatts: try reader.optional(
          "blockingPowerWatts", .number(in: 0...1e30), "Power it draws while it waits for others."),
        powerLimitWatts: try reader.optional(
          "powerLimitWatts", .number(in: Measurement.acceptedRange),
          "Power it may draw; measurements above are flagged."),
        switchLatencySeconds: try reader.optional(
          "switchLatencySeconds", .number(in: 0...1e30),
          "Time that setting another frequency takes between two instructions."),
        switchEnergyJoules: try reader.optional(
          "switchEnergyJoules", .number(in: 0...1e30),
          "Energy that this takes beyond the blocking power."))
    }
  }

  package typealias Answer = Revised<GPUChange>

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    session.register(params.gpus).map { Revised(session.revision, $0) }
  }
}

extension GPUChange: AnswerObject {
  package static let fields = Fields<GPUChange> {
    Field("gpuCount", "GPUs registered now.") { $0.gpuCount }
    Field("lostTrials", "Trials that ran on retired GPUs and are lost; absent where there are none.") {
      $0.lostTrials.isEmpty ? nil : $0.lostTrials.map(\.number)
    }
  }
}
