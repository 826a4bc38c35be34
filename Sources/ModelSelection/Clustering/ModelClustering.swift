/// Why models are in one cluster.
public enum ClusterBasis: String, Sendable, CaseIterable {
  /// Their representations were compared.
  case representations
  /// They are of one declared family, and no representation of them is there.
  case family
  /// Nothing is known of them: each stands alone, or all stand together.
  case none
}

/// Models that are expected to behave alike.
public struct ModelCluster: Sendable, Hashable {
  /// Indices of models, rising.
  public let members: [Int]
  /// The member that stands for the others: the one most similar to them, or without representations the first.
  public let medoid: Int
  public let basis: ClusterBasis
}

/// What becomes of models without representations.
public struct UnmeasuredModels: Sendable, Hashable {
  /// The declared family of each model; nil where none is declared.
  public let families: [String?]
  /// Whether models without a family are one cluster, or each its own.
  public let sharesOneCluster: Bool

  public init(families: [String?], sharesOneCluster: Bool) {
    self.families = families
    self.sharesOneCluster = sharesOneCluster
  }
}

/// The clusters of some models, and what they were found from.
public struct ModelClustering: Sendable, Hashable {
  /// By their smallest member; every model is in one.
  public let clusters: [ModelCluster]
  /// The models whose representations were compared, rising; the rest fell back to families.
  public let measured: [Int]
  /// Between the measured models, in their order; nil when there are none.
  public let similarity: SimilarityMatrix?
  /// Over the measured models: leaf k is model `measured[k]`; nil when there are none.
  public let dendrogram: Dendrogram?

  /// Clusters the measured models by similarity and the others by what is declared of them.
  ///
  /// - Parameters:
  ///   - measured: indices of models, rising, one for each row of `similarity`.
  ///   - threshold: the least similarity at which clusters are joined; a higher one means more clusters.
  ///   - unmeasured: what is declared of all models, in their order.
  /// - Complexity: O(models squared).
  public init(
    measured: [Int] = [], similarity: SimilarityMatrix? = nil, threshold: Double, linkage: Linkage = .average,
    unmeasured: UnmeasuredModels
  ) {
    precondition(measured.count == similarity?.count ?? 0, "one row of similarities for each measured model")
    self.measured = measured
    self.similarity = measured.isEmpty ? nil : similarity
    dendrogram = self.similarity.map { Dendrogram(of: $0, linkage: linkage) }
    var clusters: [ModelCluster] = []
    if let similarity = self.similarity, let dendrogram {
      clusters = dendrogram.clusters(similarity: threshold).map { places in
        ModelCluster(
          members: places.map { measured[$0] }, medoid: measured[similarity.medoid(of: places)],
          basis: .representations)
      }
    }
    self.clusters = (clusters + Self.fallback(without: measured, unmeasured)).sorted { $0.members[0] < $1.members[0] }
  }

  private static func fallback(without measured: [Int], _ models: UnmeasuredModels) -> [ModelCluster] {
    let known = Set(measured)
    var groups: [(members: [Int], basis: ClusterBasis)] = []
    var groupOfFamily: [String?: Int] = [:]
    for (model, family) in models.families.enumerated() where !known.contains(model) {
      let isGrouped = family != nil || models.sharesOneCluster
      if isGrouped, let group = groupOfFamily[family] {
        groups[group].members.append(model)
      } else {
        if isGrouped { groupOfFamily[family] = groups.count }
        groups.append(([model], family == nil ? .none : .family))
      }
    }
    return groups.map { ModelCluster(members: $0.members, medoid: $0.members[0], basis: $0.basis) }
  }
}
