package import EnergyFrontier
package import JSON
package import Sessions

// Fields that several answers share.

/// The answer of a step: what the session's revision is now, and what the step made.
package struct Revised<Content: DeclaredObject>: DeclaredObject {
  let revision: Int
  let content: Content

  package init(_ revision: Int, _ content: Content) {
    self.revision = revision
    self.content = content
  }

  package static var schema: [FieldSchema] {
    [
      FieldSchema(
        name: "revision", type: .integer(), isRequired: true,
        doc: "The number of changes that the session has accepted.")
    ] + Content.schema
  }

  package func write(to object: inout ObjectWriter) {
    object.field("revision", revision)
    content.write(to: &object)
  }
}

extension Field {
  static func revision(_ value: @escaping @Sendable (Object) -> Int) -> Field {
    Field("revision", "The number of changes that the session has accepted.", value)
  }

  static func generation(_ value: @escaping @Sendable (Object) -> Int) -> Field {
    Field("generation", "The generation of the frontier that answers; counts the pipeline's frontiers from 1.", value)
  }

  static func isStale(_ value: @escaping @Sendable (Object) -> Bool) -> Field {
    Field("stale", "Whether the pipeline or its profile has changed since the frontier was computed.", value)
  }
}

extension PlanSummary: AnswerObject {
  package static let fields = Fields<PlanSummary> {
    Field("plan", "The plan's number in this generation, for plan/get.") { $0.number }
    Field("iterationTimeSeconds", "Realised iteration time: the longest path.") { $0.iterationTimeSeconds }
    Field("energyJoules", "Realised energy of all devices, waiting included.") { $0.energyJoules }
    Field("averagePowerWatts", "Mean power of all devices together.") { $0.averagePowerWatts }
    Field("gapFraction", "Certified distance: energy over the lower bound at the same time, less 1.") { $0.gapFraction }
    Field("switchCount", "Changes of frequency in one iteration; each rank counts as one device.") { $0.switchCount }
    Field(
      "switchLatencyUnset",
      """
      True where it changes frequencies more than once and no switchLatencySeconds was given, so that each change \
      counts as no time; absent otherwise.
      """
    ) { $0.assumesFreeSwitches ? true : nil }
    Field("expected", "What it is expected to give, where tables are estimated.") { $0.expected }
  }
}

extension ExpectedPlans.Expectation: AnswerObject {
  package static let fields = Fields<ExpectedPlans.Expectation> {
    Field("iterationTimeSeconds", "Time of the mean iteration.") { $0.iterationTimeSeconds }
    Field("energyJoules", "Energy of all devices in it.") { $0.energyJoules }
    Field("asMeasured", "What the measured tables say instead, luck of measurement included.") { $0.asMeasured }
  }
}

extension ExpectedPlans.Interval: AnswerObject {
  package static let fields = Fields<ExpectedPlans.Interval> {
    Field("mean", unit: "of the quantity", "Over draws of the true tables, given what was measured.") { $0.mean }
    Field("low", unit: "of the quantity", "The lower end of the interval that holds 90 % of the draws.") { $0.low }
    Field("high", unit: "of the quantity", "Its upper end.") { $0.high }
  }
}

extension IterationOutcome: AnswerObject {
  package static let fields = Fields<IterationOutcome> {
    Field("iterationTimeSeconds", "Iteration time.") { $0.iterationTimeSeconds }
    Field("energyJoules", "Energy of all devices in one iteration, waiting included.") { $0.energyJoules }
  }
}

extension TableKey: AnswerObject {
  package static let fields = Fields<TableKey> {
    Field("stage", "The stage, from 0.") { $0.stage }
    Field("instruction", "The kind of instruction.") { $0.instruction }
  }
}
