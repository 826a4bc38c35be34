package import JSON
internal import ModelSelection
internal import Sessions

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

/// The params that name a candidate.
struct CandidateParams {
  let session: String
  let name: CandidateName

  init(from reader: inout ObjectReader) throws(InvalidField) {
    session = try reader.session()
    name = CandidateName(
      encoder: try reader.required("encoder", .text(), "The candidate's encoder."),
      projector: try reader.optional("projector", .text(), "Its projector, where the pool names any."),
      languageModel: try reader.required("languageModel", .text(), "Its language model."))
  }
}

extension SessionState {
  /// Carries out a directive, with the notification that is due when the leader changes.
  mutating func direct(
    _ name: CandidateName, _ directive: CandidateDirective
  ) throws(RequestError) -> StepResult<DirectedAnswer> {
    let directed = try editSearch { (search) throws(RequestError) in try search.direct(name, directive) }
    return StepResult(DirectedAnswer(revision: revision, directed: directed), events: leaderChangeEvents())
  }
}
