internal import Basics
package import JSON
internal import ModelSelection
package import Sessions

/// `search/revise`: other rules, another budget, other weights or floors while the search runs.
package enum SearchRevise: InPlaceStep {
  package static let name = "search/revise"
  package static let purpose =
    "Changes the rules, the budget, or the weights and floors of the metrics of a search that may have begun, and says what that changed. Candidates that break the new rules leave the search, those that break none any more return or join, and a spent budget may be raised. Scores reported before are combined again by the new weights."
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
      let metrics: [MetricRevisionEntry]? = try reader.optional(
        "metrics", .list(of: .object(), count: 1...MetricFields.largestCount),
        "Weights and floors from now on, for those of the task's metrics that are named.")
      let probability = try reader.optional(
        "floorProbabilityFraction", .number(in: 0...1),
        "How probably a candidate must meet all floors to be suggested before others, from now on.")
      try reader.check(
        constraints != nil || budget != nil || metrics != nil || probability != nil, "constraints",
        expected: "constraints, budget, metrics or floorProbabilityFraction", fix: "say what changes")
      let names = metrics?.map { ExactString($0.revision.name) } ?? []
      try reader.check(Set(names).count == names.count, "metrics", expected: "each metric once")
      revision = SearchRevision(
        constraints: constraints?.constraints, budget: budget?.budget, goals: metrics?.map(\.revision),
        floorProbabilityFraction: probability)
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
      Field("goals", "What other weights and floors changed; absent where they stay.") { $0.revised.goals }
    }
  }
}

extension RevisedGoals: AnswerObject {
  package static let fields = Fields<RevisedGoals> {
    Field("rescoredCount", "Reports that were combined again.") { $0.rescoredCount }
    Field("reopenedCount", "Candidates that were closed and may be trained again.") { $0.reopenedCount }
    Field("belowFloorCount", "Candidates that miss a floor now, or most probably would.") { $0.belowFloorCount }
    Field("suggestionBefore", "The suggestion before, as it was; absent where there was none.") {
      $0.suggestionBefore
    }
    Field("suggestion", "The suggestion now; absent where there is none.") { $0.suggestion }
  }
}

extension StopReason: FieldValue {}
