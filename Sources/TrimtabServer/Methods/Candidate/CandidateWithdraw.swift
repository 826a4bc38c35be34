package import JSON
package import Sessions

/// `candidate/withdraw`: a candidate that leaves the search for good.
package enum CandidateWithdraw: InPlaceStep {
  package static let name = "candidate/withdraw"
  package static let purpose =
    "Removes a candidate from the search for good, because it is not available any more. Its open trial ends at once and frees its GPUs."
  package typealias Answer = DirectedAnswer
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool, .unknownCandidate]

  package struct Params: SessionScoped {
    package let session: String
    let candidate: CandidateName
    let directive: CandidateDirective

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      let params = try CandidateParams(from: &reader)
      (session, candidate) = (params.session, params.name)
      directive = .withdraw
    }
  }

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<DirectedAnswer> { try session.direct(params.candidate, params.directive) }
}
