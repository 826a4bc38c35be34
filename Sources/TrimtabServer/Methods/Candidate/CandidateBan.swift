package import JSON
package import Sessions

/// `candidate/ban`: a candidate that takes no part for the time being.
package enum CandidateBan: InPlaceStep {
  package static let name = "candidate/ban"
  package static let purpose =
    "Excludes a candidate from training and from the suggestion, or lifts that. Its open trial is stopped at its next report; its observations stay evidence about others."
  package typealias Answer = DirectedAnswer
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool, .unknownCandidate]

  package struct Params: SessionScoped {
    package let session: String
    let candidate: CandidateName
    let directive: CandidateDirective

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      let params = try CandidateParams(from: &reader)
      (session, candidate) = (params.session, params.name)
      directive = .ban(
        try reader.optional("banned", .bool, default: true, "False lifts the ban."))
    }
  }

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<DirectedAnswer> { try session.direct(params.candidate, params.directive) }
}
