package import JSON
internal import ModelSelection
package import Sessions

/// `pool/submit`: what could be trained, for which task, and how to search.
package enum PoolSubmit: SessionStep {
  package static let name = "pool/submit"
  package static let purpose =
    "Submits the models that candidates are made of: every encoder with every projector and every language model, but for combinations that break a rule. A session has one pool; submitting again adds to it, also while the search runs."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .invalidPool, .searchBegun]

  package struct Params: SessionScoped {
    package let session: String
    let entry: PoolSubmissionEntry

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      entry = try PoolSubmissionEntry(from: &reader)
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let known = session.search?.pool.candidates.count ?? 0
    let (submission, settings) = (params.entry.submission, params.entry.settings)
    if session.search == nil {
      session.search = try ModelSearch(
        submission, settings ?? SelectionSettings(), seed: session.seed, gpus: session.gpus.values)
    } else {
      try session.editSearch { (search) throws(RequestError) in try search.grow(by: submission, settings) }
    }
    let search = try session.requireSearch()
    return StepResult(Answer(revision: session.revision, search: search, knownCount: known))
  }

  package struct Answer: ObjectWritable {
    let revision: Int
    let search: ModelSearch
    let knownCount: Int

    package func write(to object: inout ObjectWriter) {
      let pool = search.pool
      object.field("revision", revision, "Counts the session's accepted changes.")
      object.field("candidateCount", pool.candidates.count, "Candidates in the pool now.")
      object.field("addedCount", pool.candidates.count - knownCount, "Those that this submission added.")
      let excluded = PoolConstraints.Rule.allCases.compactMap { rule in pool.excludedCounts[rule].map { (rule, $0) } }
      object.list("excluded", excluded, "Combinations that were left out so far, by the first rule they break.") {
        excluded, entry in
        entry.field("rule", excluded.0.rawValue, "The rule.")
        entry.field("count", excluded.1, "How many combinations.")
      }
      object.field(
        "costBasis", pool.costBasis.rawValue,
        "Where relative costs come from: `costWeight`, `parameterCount`, or `equal` where nothing is stated.")
      object.field("clusterCount", search.clustering.clusters.count, "Groups of candidates that are taken for similar.")
      object.field(
        "clusterBasis", search.clustering.basis.rawValue,
        "On what grounds: `representations`, or where none were compared `family`, or `none`: each encoder is a group."
      )
    }
  }
}
