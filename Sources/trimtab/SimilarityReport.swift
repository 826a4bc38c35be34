internal import JSON
internal import ModelSelection
internal import Representations
internal import TrimtabServer

/// What `trimtab similarity` prints.
struct SimilarityReport {
  let paths: [String]
  let models: [Representation]
  let kernel: SampleKernel
  let estimator: AlignmentEstimator
  let threshold: Double
  let linkage: Linkage
  let alignment: AlignmentMatrix

  private var clustering: ModelClustering {
    ModelClustering(
      measured: Array(models.indices),
      similarity: SimilarityMatrix(count: alignment.count, values: alignment.values), threshold: threshold,
      linkage: linkage,
      unmeasured: UnmeasuredModels(families: models.map { _ in nil }, sharesOneCluster: false))
  }

  /// One JSON document: the models, their similarities row by row, the clusters, and the joins that led to them.
  var json: String {
    let clustering = clustering
    var writer = ObjectWriter()
    writer.braced { document in
      document.list("models", zip(paths, models)) { model, entry in
        entry.field("path", model.0)
        entry.field("sampleCount", model.1.sampleCount)
        entry.field("featureCount", model.1.featureCount)
        entry.field("elementType", model.1.elementType.rawValue)
      }
      switch kernel {
      case .linear: document.field("kernel", "linear")
      case .rbf(let fraction):
        document.field("kernel", "rbf")
        document.field("bandwidthFraction", fraction)
      }
      switch estimator {
      case .biased: document.field("estimator", "biased")
      case .unbiased: document.field("estimator", "unbiased")
      case .minibatch(let size):
        document.field("estimator", "minibatch")
        document.field("batchSize", size)
      }
      document.field(
        "similarity",
        models.indices.map { row in models.indices.map { alignment[row, $0] } })
      document.field("threshold", threshold)
      document.field("linkage", linkage.rawValue)
      document.list("clusters", clustering.clusters) { cluster, entry in
        entry.field("members", cluster.members)
        entry.field("medoid", cluster.medoid)
      }
      document.list("joins", clustering.dendrogram?.joins ?? []) { join, entry in
        entry.field("first", join.first)
        entry.field("second", join.second)
        entry.field("distance", join.distance)
        entry.field("memberCount", join.memberCount)
      }
    }
    return String(decoding: writer.json.bytes, as: UTF8.self) + "\n"
  }

  /// The matrix, and the clusters by the names of their files; the medoid's in brackets.
  var table: String {
    let names = paths.map { path in path.split(separator: "/").last.map(String.init) ?? path }
    let width = names.map(\.count).max() ?? 0
    var lines = [String(repeating: " ", count: width) + names.indices.map { Self.right("\($0)", 8) }.joined()]
    for (row, name) in names.enumerated() {
      let cells = names.indices.map { Self.right(decimal(alignment[row, $0], 4), 8) }
      lines.append(name + String(repeating: " ", count: width - name.count) + cells.joined() + "  \(row)")
    }
    lines.append("")
    for (index, cluster) in clustering.clusters.enumerated() {
      let members = cluster.members.map { $0 == cluster.medoid ? "[\(names[$0])]" : names[$0] }
      lines.append("cluster \(index): " + members.joined(separator: " "))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 1)) + text
  }
}
