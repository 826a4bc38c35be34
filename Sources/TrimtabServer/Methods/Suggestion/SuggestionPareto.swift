internal import Basics
package import JSON
package import Sessions

/// `suggestion/pareto`: the candidates that no other one beats in every respect.
package enum SuggestionPareto: SessionQuery {
  package static let name = "suggestion/pareto"
  package static let purpose =
    "Gives the candidates that no other candidate beats in every objective: predicted score against latency, memory, parameters and training cost. With a floor, only those that reach a score with a stated probability."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool, .invalidPool]

  package struct Params: SessionScoped {
    package let session: String
    let objectives: [ParetoObjective]?
    let metrics: [String]?
    let floor: ScoreFloor?
    let floorProbabilityFraction: Double

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      objectives = try reader.optional(
        "objectives", .list(of: .choice(), count: 1...ParetoObjective.allCases.count),
        "What candidates are compared by; the score is predicted, all others are those of the parts, the smaller the better. By default every figure that all parts state, and the score where the task has one metric."
      )
      metrics = try reader.optional(
        "metrics", .list(of: .text(), count: 0...MetricFields.largestCount),
        "Names of the task's metrics to compare by as well, where it has several; all of them where neither is given.")
      let score = try reader.optional(
        "scoreFloor", .number,
        "The worst score that is acceptable, in the metric's unit; the combined score where the task has several.")
      let probability = try reader.optional(
        "floorProbabilityFraction", .number(in: 0...1), default: 0.9,
        "The probability with which a candidate must reach the floor, and all floors of the task's metrics; 0.9 by default."
      )
      try reader.check(
        objectives.map { Set($0).count == $0.count } ?? true, "objectives", expected: "each objective once")
      try reader.check(
        metrics.map { Set($0.map { ExactString($0) }).count == $0.count } ?? true, "metrics",
        expected: "each metric once")
      floor = score.map { ScoreFloor(score: $0, probabilityFraction: probability) }
      floorProbabilityFraction = probability
    }
  }

  package typealias Answer = Revised<ParetoSet>

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    Revised(
      session.revision,
      try session.requireSearch().paretoSet(
        params.objectives, metrics: params.metrics, floor: params.floor,
        floorProbabilityFraction: params.floorProbabilityFraction))
  }
}

extension ParetoObjective: FieldValue {}

extension ParetoSet: AnswerObject {
  package static let fields = Fields<ParetoSet> {
    Field("objectives", "What candidates were compared by.") { $0.objectives }
    Field("metrics", "The metrics they were compared by; absent where there are none.") {
      $0.metrics.isEmpty ? nil : $0.metrics
    }
    Field("candidates", "The Pareto set, by predicted score, the best first.") { $0.candidates }
    Field(
      "incomparableCount", "Candidates left out because they have no prediction, or no figure of some objective."
    ) { $0.incomparableCount }
    Field("belowFloorCount", "Candidates left out because of a floor.") { $0.belowFloorCount }
  }
}

extension ParetoSet.Member: AnswerObject {
  package static let fields = Fields<ParetoSet.Member> {
    Field.inline { $0.ranked }
    Field("latencySeconds", "Time of one answer, all parts together; absent where no part states it.") {
      $0.latencySeconds
    }
    Field("memoryBytes", "Memory of each GPU in training, all parts together; absent where no part states it.") {
      $0.memoryBytes
    }
    Field("parameterCount", "Parameters, all parts together; absent where no part states them.") {
      $0.parameterCount
    }
    Field("costWeight", unit: "relative", "The cost of training on all data, in the unit of the pool's cost basis.") {
      $0.costWeight
    }
    Field("probabilityAboveFloorFraction", "The probability that it reaches the floor; absent without one.") {
      $0.probabilityAboveFloorFraction
    }
  }
}
