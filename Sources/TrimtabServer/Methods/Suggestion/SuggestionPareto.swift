package import JSON
package import Sessions

/// `suggestion/pareto`: the candidates that no other one beats in every respect.
package enum SuggestionPareto: SessionQuery {
  package static let name = "suggestion/pareto"
  package static let purpose =
    "Gives the candidates that no other candidate beats in every objective: predicted score against latency, memory, parameters and training cost. With a floor, only those that reach a score with a stated probability."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool]

  package struct Params: SessionScoped {
    package let session: String
    let objectives: [ParetoObjective]?
    let floor: ScoreFloor?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      objectives = try reader.optional(
        "objectives", .list(of: .choice(), count: 1...ParetoObjective.allCases.count),
        "What candidates are compared by; the score is predicted, all others are those of the parts, the smaller the better. By default the score and every figure that all parts state."
      )
      let score = try reader.optional(
        "scoreFloor", .number, "The worst score that is acceptable, in the metric's unit.")
      let probability = try reader.optional(
        "floorProbabilityFraction", .number(in: 0...1), default: 0.9,
        "The probability with which a candidate must reach the floor; 0.9 by default.")
      try reader.check(
        objectives.map { Set($0).count == $0.count } ?? true, "objectives", expected: "each objective once")
      floor = score.map { ScoreFloor(score: $0, probabilityFraction: probability) }
    }
  }

  package typealias Answer = Revised<ParetoSet>

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    Revised(session.revision, try session.requireSearch().paretoSet(params.objectives, floor: params.floor))
  }
}

extension ParetoObjective: FieldValue {}

extension ParetoSet: AnswerObject {
  package static let fields = Fields<ParetoSet> {
    Field("objectives", "What candidates were compared by.") { $0.objectives }
    Field("candidates", "The Pareto set, by predicted score, the best first.") { $0.candidates }
    Field(
      "incomparableCount", "Candidates left out because they have no prediction, or no figure of some objective."
    ) { $0.incomparableCount }
    Field("belowFloorCount", "Candidates left out because of the floor.") { $0.belowFloorCount }
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
