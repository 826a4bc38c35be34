package import JSON
package import Sessions

/// `candidate/pin`: a candidate that is never stopped as hopeless.
package enum CandidatePin: InPlaceStep {
  package static let name = "candidate/pin"
  package static let purpose =
    "Keeps a candidate from being stopped as hopeless, or lifts that. The strategy still decides when it is trained, and the suggestion does not prefer it."
  package typealias Answer = DirectedAnswer
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool, .unknownCandidate]

  package struct Params: SessionScoped {
    package let session: String
    let candidate: CandidateName
    let directive: CandidateDirective

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      let params = try CandidateParams(from: &reader)
      (session, candidate) = (params.session, params.name)
      directive = .pin(
        try reader.optional("pinned", .bool, default: true, "False lifts the pin."))
    }
  }

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<DirectedAnswer> { try session.direct(params.candidate, params.directive) }
}
