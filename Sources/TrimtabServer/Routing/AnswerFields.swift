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
        name: "revision", type: .integer, isRequired: true, doc: "The number of changes that the session has accepted.")
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
  }
}

extension Outcome: AnswerObject {
  package static let fields = Fields<Outcome> {
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
