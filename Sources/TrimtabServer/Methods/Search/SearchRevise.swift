package import JSON
internal import ModelSelection
package import Sessions

/// `search/revise`: other rules or another budget while the search runs.
package enum SearchRevise: InPlaceStep {
  package static let name = "search/revise"
  package static let purpose =
    "Changes the rules or the budget of a search that may have begun, and says what that changed. Candidates that break the new rules leave the search, those that break none any more return or join, and a spent budget may be raised."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool, .invalidPool]

  package struct Params: SessionScoped {
    package let session: String
    let revision: SearchRevision

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let constraints: PoolConstraintsEntry? = try reader.optional(
        "constraints", .object(), "The rules for all candidates from now on, in place of those before.")
      let budget: BudgetEntry? = try reader.optional(
        "budget", .object(),
        "What may be spent in all, in place of the budget before; a limit that is left out is lifted.")
      try reader.check(
        constraints != nil || budget != nil, "constraints", expected: "constraints or budget", fix: "say what changes")
      revision = SearchRevision(constraints: constraints?.constraints, budget: budget?.budget)
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let revised = try session.editSearch { (search) throws(RequestError) in try search.revise(params.revision) }
    return StepResult(
      Answer(
        revision: session.revision, revised: revised,
        candidateCount: session.search?.pool.candidates.count ?? 0),
      events: session.searchEvents())
  }

  package struct Answer: AnswerObject {
    let revision: Int
    let revised: RevisedSearch
    let candidateCount: Int

    package static let fields = Fields<Answer> {
      Field("revision", "The number of changes that the session has accepted.") { $0.revision }
      Field("candidateCount", "Candidates in the pool now, those that left the search included.") {
        $0.candidateCount
      }
      Field("excludedCount", "Candidates that left the search because of the new rules.") { $0.revised.excluded.count }
      Field("readmittedCount", "Candidates that returned.") { $0.revised.readmitted.count }
      Field("addedCount", "Combinations that joined because no rule excludes them any more.") {
        $0.revised.added.count
      }
      Field("finishedBefore", "Whether the search had ended before.") { $0.revised.stopReasonBefore != nil }
      Field("finished", "Whether the search asks for no more trials now.") { $0.revised.stopReason != nil }
      Field("finishReason", "Why it has ended; absent while it goes on.") { $0.revised.stopReason }
    }
  }
}

extension StopReason: FieldValue {}
