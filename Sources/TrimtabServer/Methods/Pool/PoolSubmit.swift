package import JSON
internal import ModelSelection
package import Sessions

/// `pool/submit`: what could be trained, for which task, and how to search.
package enum PoolSubmit: SessionStep {
  package static let name = "pool/submit"
  package static let purpose =
    "Submits the models that candidates are made of: every encoder with every projector and every language model, but for combinations that break a rule. A session has one pool; submitting again adds to it, also while the search runs."
  package static let refusals: [Refusal.Kind] = [.unknownSession, .invalidPool, .searchBegun]

  package struct Params: SessionScoped {
    package let session: String
    let submission: PoolSubmission
    let settings: SelectionSettings?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let components = Shape<[PoolComponentEntry]>.list(of: .object(), count: 0...4096)
      let encoders = try reader.optional("encoders", components, default: [], "Vision encoders.")
      let projectors = try reader.optional(
        "projectors", components, default: [],
        "Projectors between them and the language models; leave out where there is no choice.")
      let languageModels = try reader.optional("languageModels", components, default: [], "Language models.")
      let constraints: PoolConstraintsEntry? = try reader.optional(
        "constraints", .object(),
        "Rules for the candidates that are added; those of the submission before, where left out. A figure that is not stated is within every bound."
      )
      let task: SelectionTaskEntry? = try reader.optional(
        "task", .object(), "What the models are wanted for; required the first time.")
      let search: SelectionSettingsEntry? = try reader.optional(
        "search", .object(), "How to search; by default as published. Fixed once a trial has been given out.")
      func component(_ entry: PoolComponentEntry) -> PoolComponent { entry.component }
      submission = PoolSubmission(
        encoders: encoders.map(component), projectors: projectors.map(component),
        languageModels: languageModels.map(component), constraints: constraints?.constraints, task: task?.task)
      settings = search?.settings
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(Refusal) -> Accepted<Answer> {
    let known = session.search?.pool.candidates.count ?? 0
    if session.search == nil {
      let settings = params.settings ?? SelectionSettings()
      session.search = try ModelSearch(params.submission, settings, seed: session.seed, gpus: session.gpus)
    } else {
      try session.editSearch { (search) throws(Refusal) in try search.grow(by: params.submission, params.settings) }
    }
    let search = try session.requireSearch()
    return Accepted(Answer(revision: session.revision, search: search, knownCount: known))
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
