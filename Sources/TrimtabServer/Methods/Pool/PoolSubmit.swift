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
    /// How to search where the first submission does not say.
    fileprivate var defaultSettings = SelectionSettings()

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      entry = try PoolSubmissionEntry(from: &reader)
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let settings = params.entry.settings ?? unsaidSettings(params, in: session)
    let summary = try session.submit(params.entry.submission, settings)
    return StepResult(Answer(revision: session.revision, summary: summary))
  }

  /// The settings that a request without any begins a search with; nil where there is a search, which keeps its own.
  private static func unsaidSettings(_ params: Params, in session: SessionState) -> SelectionSettings? {
    session.search == nil ? params.defaultSettings : nil
  }

  package static func unsaidParam(_ params: Params, in session: SessionState) -> JSONObject.Member? {
    guard params.entry.settings == nil, let settings = unsaidSettings(params, in: session) else { return nil }
    return .init(key: "search", value: settings.json)
  }

  /// A journal has the settings of every first submission, but for one from before the default strategy changed.
  package static func resolve(recorded params: Params, _ file: JSON?) throws(RequestError) -> Params {
    var params = params
    params.defaultSettings = SelectionSettings(search: SearchSettings(strategy: .mordal))
    return params
  }

  package struct Answer: AnswerObject {
    let revision: Int
    let summary: PoolSummary

    package static let fields = Fields<Answer> {
      Field("revision", "The number of changes that the session has accepted.") { $0.revision }
      Field.inline { $0.summary }
    }
  }
}

extension ClusterBasis: FieldValue {}
extension CandidatePool.CostBasis: FieldValue {}
extension PoolConstraints.Rule: FieldValue {}

extension PoolSummary: AnswerObject {
  package static let fields = Fields<PoolSummary> {
    Field("candidateCount", "Candidates in the pool now.") { $0.candidateCount }
    Field("addedCount", "Candidates that this submission added.") { $0.addedCount }
    Field("excluded", "Combinations that rules leave out, each counted at the first rule that it breaks.") {
      $0.excluded
    }
    Field("costBasis", "Where relative costs come from: `equal` where no part states anything.") { $0.costBasis }
    Field("clusterCount", "Groups of candidates that are expected to behave alike.") { $0.clusterCount }
    Field(
      "clusterBasis",
      "The reason: `representations`, or where none were compared `family`, or `none`: each encoder is a group."
    ) { $0.clusterBasis }
    Field("diagnostics", "What seems wrong with the description of task and pool; absent where nothing does.") {
      $0.diagnostics.isEmpty ? nil : $0.diagnostics
    }
  }
}

extension PoolSummary.Excluded: AnswerObject {
  package static let fields = Fields<PoolSummary.Excluded> {
    Field("rule", "The rule.") { $0.rule }
    Field("count", "How many combinations.") { $0.count }
  }
}
