/// How clusters of models are cut; the thresholds are those published for Mordal (He, Jang & Chowdhury, arXiv
/// 2502.00241).
public struct ClusteringSettings: Sendable, Hashable {
  /// The least similarity at which clusters of vision encoders are joined.
  public var encoderThreshold: Double
  /// The same for language models.
  public var languageModelThreshold: Double
  public var linkage: Linkage

  public init(encoderThreshold: Double = 0.7, languageModelThreshold: Double = 0.8, linkage: Linkage = .average) {
    self.encoderThreshold = encoderThreshold
    self.languageModelThreshold = languageModelThreshold
    self.linkage = linkage
  }
}

/// Clusters of pairs: vision encoders first, then language models within each cluster of encoders, as they respond to
/// what the cluster's medoid shows them.
///
/// m encoders and n language models then need m^2 comparisons and n^2 for each cluster of encoders, in place of m^2
/// n^2.
public struct TwoStepClustering: Sendable, Hashable {
  /// Every pair of an encoder and a language model from one cluster each.
  public struct PairCluster: Sendable, Hashable {
    /// Index in the encoders' clusters.
    public let encoderCluster: Int
    /// Index in the clusters of language models that belong to it.
    public let languageModelCluster: Int
    public let encoders: [Int]
    public let languageModels: [Int]
    /// The encoder and the language model of the pair that stands for the others.
    public let medoidEncoder: Int
    public let medoidLanguageModel: Int
    public let encoderBasis: ClusterBasis
    public let languageModelBasis: ClusterBasis
  }

  public let encoders: ModelClustering
  /// One for each cluster of encoders, in their order.
  public let languageModels: [ModelClustering]

  /// - Parameter languageModels: clusters the language models given the index of the encoder that stands for a cluster;
  ///   called once for each cluster of encoders, in order.
  public init<Failure: Error>(
    encoders: ModelClustering, languageModels: (_ encoderMedoid: Int) throws(Failure) -> ModelClustering
  ) throws(Failure) {
    self.encoders = encoders
    var found: [ModelClustering] = []
    for cluster in encoders.clusters { found.append(try languageModels(cluster.medoid)) }
    self.languageModels = found
  }

  /// By the cluster of encoders, then by that of language models. O(their sizes).
  public var pairClusters: [PairCluster] {
    encoders.clusters.indices.flatMap { index in
      let outer = encoders.clusters[index]
      return languageModels[index].clusters.enumerated().map { place, inner in
        PairCluster(
          encoderCluster: index, languageModelCluster: place, encoders: outer.members, languageModels: inner.members,
          medoidEncoder: outer.medoid, medoidLanguageModel: inner.medoid, encoderBasis: outer.basis,
          languageModelBasis: inner.basis)
      }
    }
  }
}
