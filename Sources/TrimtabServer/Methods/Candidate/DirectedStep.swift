package import JSON
internal import ModelSelection
package import Sessions

/// A method that gives a directive about one candidate: it declares its name, its purpose and the directive's fields.
package protocol DirectedStep: InPlaceStep, DirectiveReading
where Params == DirectedParams<Self>, Answer == DirectedAnswer {}

extension DirectedStep {
  package static var refusals: [RequestError.Kind] { [.unknownSession, .noPool, .unknownCandidate] }

  package static func apply(
    _ params: Params, to session: inout SessionState
  ) throws(RequestError) -> StepResult<DirectedAnswer> { try session.direct(params.candidate, params.directive) }
}

/// A directive that is read from the fields beside the candidate's name.
package protocol DirectiveReading {
  static func directive(from reader: inout ObjectReader) throws(InvalidField) -> CandidateDirective
}

/// A candidate and what is decided about it.
package struct DirectedParams<Directive: DirectiveReading>: SessionScoped {
  package let session: String
  let candidate: CandidateName
  let directive: CandidateDirective

  package init(from reader: inout ObjectReader) throws(InvalidField) {
    session = try reader.session()
    candidate = CandidateName(
      encoder: try reader.required("encoder", .text(), "The candidate's encoder."),
      projector: try reader.optional("projector", .text(), "Its projector, where the pool names any."),
      languageModel: try reader.required("languageModel", .text(), "Its language model."))
    directive = try Directive.directive(from: &reader)
  }
}

/// The answer of the methods under `candidate/`.
package struct DirectedAnswer: AnswerObject {
  let revision: Int
  let directed: DirectedCandidate

  package static let fields = Fields<DirectedAnswer> {
    Field("revision", "The number of changes that the session has accepted.") { $0.revision }
    Field("pinned", "Whether the candidate is pinned.") { $0.directed.isPinned }
    Field("closure", "Why the candidate is not trained further; absent while it may be.") { $0.directed.closure }
    Field("trial", "The candidate's open trial, or the one that candidate/withdraw ended.") {
      $0.directed.trial?.number
    }
    Field("finished", "Whether the search asks for no more trials.") { $0.directed.stopReason != nil }
  }
}

extension CandidateClosure: FieldValue {}

extension SessionState {
  /// Carries out a directive, with the notification that is due when the leader changes.
  mutating func direct(
    _ name: CandidateName, _ directive: CandidateDirective
  ) throws(RequestError) -> StepResult<DirectedAnswer> {
    let directed = try editSearch { (search) throws(RequestError) in try search.direct(name, directive) }
    return StepResult(DirectedAnswer(revision: revision, directed: directed), events: searchEvents())
  }
}
