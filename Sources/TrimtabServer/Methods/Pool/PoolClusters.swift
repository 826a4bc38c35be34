package import Basics
package import JSON
internal import ModelSelection
internal import Representations
package import Sessions

/// `pool/clusters`: which candidates are alike.
package enum PoolClusters: BackgroundStep {
  package static let name = "pool/clusters"
  package static let purpose =
    "Compares the representations by centered kernel alignment and clusters the encoders, then the language models behind each cluster's medoid. A search that has not begun goes by these clusters. Models without representations are grouped by family, else an encoder is a cluster of its own and language models are one cluster together; `basis` says which."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .noPool, .invalidRepresentation, .inputsChanged, .overloaded, .cancelled,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let settings: ComparisonSettings

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      settings = try ComparisonSettingsEntry(from: &reader).settings
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
      let progress = ProgressHandle(isCancelled: progress.isCancelled)
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
    return StepResult(
      Answer(revision: session.revision, isUsed: isUsed, found: product, search: try session.requireSearch()))
  }

  package struct Answer: ObjectWritable {
    let revision: Int
    let isUsed: Bool
    let found: Product
    let search: ModelSearch

    package func write(to object: inout ObjectWriter) {
      let (encoders, languageModels) = (
        found.comparison.encoders.map(\.id), found.comparison.languageModels.map(\.id)
      )
      object.field("revision", revision, "Counts the session's accepted changes.")
      object.field(
        "usedBySearch", isUsed,
        "Whether the search goes by these clusters; one that has begun keeps those it began with.")
      let clustering = PoolClustering(found.clustering, in: search.pool)
      object.list("clusters", clustering.clusters.indices, "Candidates that are taken for similar.") { index, entry in
        let (cluster, group) = (clustering.clusters[index], clustering.groups[index])
        entry.field("encoderCluster", group.encoderGroup, "Which of the clusters of encoders.")
        entry.field(
          "languageModelCluster", group.languageModelGroup, "Which of the clusters of language models beside it.")
        entry.field("candidateCount", cluster.members.count, "Candidates in it.")
        entry.object("medoid", "The candidate that stands for the others.") {
          search.pool.name(of: cluster.medoid).write(to: &$0)
        }
        entry.field(
          "encoderBasis", group.encoderBasis.rawValue,
          "Why its encoders are together: `representations`, `family` or `none`.")
        entry.field("languageModelBasis", group.languageModelBasis.rawValue, "The same for its language models.")
      }
      object.object("encoders", "The encoders.") { found.clustering.encoders.write(to: &$0, encoders) }
      object.list(
        "languageModels", found.clustering.encoders.clusters.indices,
        "The language models, for each cluster of encoders."
      ) { index, entry in
        let medoid = encoders[found.clustering.encoders.clusters[index].medoid]
        entry.field("encoderCluster", index, "The cluster of encoders.")
        entry.field("encoder", medoid, "Its medoid, behind which language models are compared.")
        found.clustering.languageModels[index].write(to: &entry, languageModels)
      }
    }
  }
}

extension ModelClustering {
  fileprivate func write(to object: inout ObjectWriter, _ names: [String]) {
    object.list("clusters", clusters, "The clusters, by their first members.") { cluster, entry in
      entry.field("members", cluster.members.map { names[$0] }, "Its models.")
      entry.field("medoid", names[cluster.medoid], "The model that stands for the others.")
      entry.field("basis", cluster.basis.rawValue, "Why they are together: `representations`, `family` or `none`.")
    }
    object.field("compared", measured.map { names[$0] }, "The models whose representations were compared.")
    guard let similarity, let dendrogram else { return }
    let rows = (0..<similarity.count).map { row in (0..<similarity.count).map { similarity[row, $0] } }
    object.field("similarity", rows, "How alike each two of them are, row by row.")
    object.list(
      "joins", dendrogram.joins,
      "How clusters were joined, the most similar first. Below the number of compared models a cluster is a model; join k makes the next number."
    ) { join, entry in
      entry.field("first", join.first, "One of the two clusters.")
      entry.field("second", join.second, "The other.")
      entry.field("similarity", 1 - join.distance, "How alike they are.")
      entry.field("memberCount", join.memberCount, "Models in the joined cluster.")
    }
  }
}
