package import Basics
package import JSON
internal import ModelSelection
internal import Representations
package import Sessions

/// `pool/clusters`: which candidates are alike.
package enum PoolClusters: BackgroundStep {
  package static let name = "pool/clusters"
  package static let purpose =
    "Compares the representations by centered kernel alignment and clusters the encoders, then the language models behind each cluster's medoid. A search that has not begun uses these clusters. Models without representations are grouped by family, else an encoder is a cluster of its own and language models are one cluster together; `basis` says which."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .noPool, .invalidRepresentation, .inputsChanged, .overloaded, .cancelled,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let settings: ComparisonSettings

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      settings = try ComparisonSettingsEntry(from: &reader).settings
      _ = try reader.optional("workDoneToken", .any, "Reports progress in percent under this token.")
    }
  }

  package struct Product: Sendable {
    let comparison: PoolComparison
    let clustering: TwoStepClustering
  }

  package static func prepare(
    _ params: Params, in session: SessionState
  ) throws(RequestError) -> @Sendable (ProgressHandle) throws(RequestError) -> Product {
    let (comparison, settings) = (try session.requireSearch().comparison, params.settings)
    return { (progress) throws(RequestError) in
      return Product(
        comparison: comparison,
        clustering: try comparison.clustering(settings, parallel: .threads(), progress: progress))
    }
  }

  package static func finish(
    _ product: Product, _ params: Params, in session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    let isUsed = try session.editSearch { (search) throws(RequestError) in
      try search.adopt(product.clustering, of: product.comparison, params.settings)
    }
    let report = PoolClusterReport(product.clustering, of: product.comparison, in: try session.requireSearch().pool)
    return StepResult(Answer(revision: session.revision, isUsed: isUsed, report: report))
  }

  package struct Answer: AnswerObject {
    let revision: Int
    let isUsed: Bool
    let report: PoolClusterReport

    package static let fields = Fields<Answer> {
      Field("revision", "The number of changes that the session has accepted.") { $0.revision }
      Field(
        "usedBySearch", "Whether the search uses these clusters; one that has begun keeps those it began with."
      ) { $0.isUsed }
      Field("clusters", "Candidates that are expected to behave alike.") { $0.report.clusters }
      Field("encoders", "The encoders.") { $0.report.encoders }
      Field("languageModels", "The language models, for each cluster of encoders.") { $0.report.languageModels }
    }
  }
}

extension PoolClusterReport.CandidateCluster: AnswerObject {
  package static let fields = Fields<PoolClusterReport.CandidateCluster> {
    Field("encoderCluster", "Which of the clusters of encoders.") { $0.encoderCluster }
    Field("languageModelCluster", "Which of the clusters of language models beside it.") { $0.languageModelCluster }
    Field("candidateCount", "Candidates in it.") { $0.candidateCount }
    Field("medoid", "The candidate that stands for the others.") { $0.medoid }
    Field("encoderBasis", "Why its encoders are together.") { $0.encoderBasis }
    Field("languageModelBasis", "Why its language models are together.") { $0.languageModelBasis }
  }
}

extension PoolClusterReport.Models: AnswerObject {
  package static let fields = Fields<PoolClusterReport.Models> {
    Field("clusters", "The clusters, by their first members.") { $0.clusters }
    Field("compared", "The models whose representations were compared.") { $0.compared }
    Field("similarity", unit: "1", "The similarity of each two of them, row by row.") { $0.similarity }
    Field(
      "joins",
      "How clusters were joined, the most similar first. Below the number of compared models a cluster is a model; join k makes the next number."
    ) { $0.joins }
  }
}

extension PoolClusterReport.Models.Cluster: AnswerObject {
  package static let fields = Fields<PoolClusterReport.Models.Cluster> {
    Field("members", "Its models.") { $0.members }
    Field("medoid", "The model that stands for the others.") { $0.medoid }
    Field("basis", "Why they are together.") { $0.basis }
  }
}

extension PoolClusterReport.Models.Join: AnswerObject {
  package static let fields = Fields<PoolClusterReport.Models.Join> {
    Field("first", "One of the two clusters.") { $0.first }
    Field("second", "The other.") { $0.second }
    Field("similarity", unit: "1", "Their similarity.") { $0.similarity }
    Field("memberCount", "Models in the joined cluster.") { $0.memberCount }
  }
}

extension PoolClusterReport.LanguageModels: AnswerObject {
  package static let fields = Fields<PoolClusterReport.LanguageModels> {
    Field("encoderCluster", "The cluster of encoders.") { $0.encoderCluster }
    Field("encoder", "Its medoid, behind which language models are compared.") { $0.encoder }
    Field.inline { $0.models }
  }
}
