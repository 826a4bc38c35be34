package import JSON
package import Sessions

/// `candidate/advance`: train a candidate next.
package enum CandidateAdvance: InPlaceStep {
  package static let name = "candidate/advance"
  package static let purpose =
    "Trains a candidate up to a share of the data before anything else that the strategy wants, within the budget. It is not stopped as hopeless before that."
  package typealias Answer = DirectedAnswer
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool, .unknownCandidate, .candidateClosed]

  package struct Params: SessionScoped {
    package let session: String
    let candidate: CandidateName
    let directive: CandidateDirective

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      let params = try CandidateParams(from: &reader)
      (session, candidate) = (params.session, params.name)
      directive = .advance(
        toFraction: try reader.optional(
          "toFraction", .number(in: 1e-9...1), default: 1, "Share of the alignment data to train up to; all by default."
        ))
    }
  }

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<DirectedAnswer> { try session.direct(params.candidate, params.directive) }
}
