package import JSON
internal import ModelSelection
package import Sessions

/// `evidence/submit`: what is known of candidates from outside the search.
package enum EvidenceSubmit: InPlaceStep {
  package static let name = "evidence/submit"
  package static let purpose =
    "Tells a search what is known of its candidates or their parts from elsewhere: runs of earlier searches, public scores of the same or of related tasks, figures of the models. Scores are averaged, and drawn towards the law by which the figures of the models foretell them. How much that says of this pool is learned, first from how far sources agree, then from what trials show; where it says nothing it is hardly felt. With evidence a search begins with the candidates that it favours, soon leaves out those that it and their curves give little chance, and suggestion/ranking has chances before the first trial. It may come at any time; what a pool does not have is left out."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool]

  package struct Params: SessionScoped {
    package let session: String
    let evidence: PoolEvidence

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let sources: [EvidenceSourceEntry] = try reader.required(
        "sources", .list(of: .object(), count: 1...64),
        "Figures that can be compared with each other, each from one place.")
      evidence = PoolEvidence(sources: sources.map(\.source))
      try reader.check(
        Set(evidence.sources.map(\.name)).count == evidence.sources.count, "sources", expected: "each name once",
        fix: "put the scores of one source together")
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let summary = try session.editSearch { (search) throws(RequestError) in search.submit(params.evidence) }
    // What was known before is no change.
    let revision = session.revision - (summary.isDuplicate ? 1 : 0)
    return StepResult(
      Answer(revision: revision, summary: summary), events: session.searchEvents(),
      isChange: !summary.isDuplicate)
  }

  package struct Answer: AnswerObject {
    let revision: Int
    let summary: EvidenceSummary

    package static let fields = Fields<Answer> {
      Field("revision", "The number of changes that the session has accepted.") { $0.revision }
      Field("sources", "What became of each source.") { $0.summary.sources }
      Field(
        "expectedCorrelation", unit: "1",
        "How far all evidence is expected to correlate with final errors now, in 0...1."
      ) { $0.summary.expectedCorrelation }
      Field(
        "probabilityInformative", unit: "1", "The probability that evidence says anything of this pool, as known now."
      ) { $0.summary.probabilityInformative }
      Field("duplicate", "True where all of this was known before.") { $0.summary.isDuplicate ? true : nil }
    }
  }
}

private struct EvidenceSourceEntry: ObjectReadable {
  let source: PoolEvidence.Source

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let name = try reader.required(
      "name", .text(), "Where the scores are from; a later source of the same name replaces this one.")
    let kind: EvidenceSource.Kind = try reader.required(
      "kind", .choice(),
      "`sameTask`: the task of the pool, as runs of an earlier search or a public table show it; `relatedTask`: another task; `side`: a figure of the models, such as alignment, correspondence or parameters. It says how much is expected of the source before trials tell. Runs that ended at different parts of the data are sources of their own."
    )
    let direction: Metric.Direction = try reader.optional(
      "direction", .choice(), default: .maximize, "Which scores are better; their unit does not matter.")
    let scores: [EvidenceScoreEntry] = try reader.required(
      "scores", .list(of: .object(), count: 0...Limits.candidateCount),
      "Scores of candidates or of parts; an empty list withdraws the source. Of a candidate those count that name most of its parts, and their mean where there are several."
    )
    source = PoolEvidence.Source(name: name, kind: kind, direction: direction, scores: scores.map(\.score))
  }
}

private struct EvidenceScoreEntry: ObjectReadable {
  let score: PoolEvidence.Score

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let encoder = try reader.optional("encoder", .text(), "The encoder of the candidates that have this score.")
    let projector = try reader.optional("projector", .text(), "Their projector.")
    let model = try reader.optional("languageModel", .text(), "Their language model.")
    let figure = try reader.required("score", .number, "The figure.")
    try reader.check(
      encoder != nil || projector != nil || model != nil, "encoder",
      expected: "an encoder, a projector or a language model", fix: "say which part has the score")
    score = PoolEvidence.Score(encoder: encoder, projector: projector, languageModel: model, score: figure)
  }
}

extension EvidenceSource.Kind: FieldValue {}

extension EvidenceSummary.Source: AnswerObject {
  package static let fields = Fields<EvidenceSummary.Source> {
    Field("name", "The source.") { $0.name }
    Field("candidateCount", "Candidates of the pool that it says something of.") { $0.candidateCount }
    Field("unmatchedCount", "Scores of parts that the pool does not have; they count once it has them.") {
      $0.unmatchedCount
    }
  }
}
