package import ModelSelection

/// Which candidates are expected to behave alike, and on what grounds: those whose encoders are in one group and whose
/// language models are in one group beside it.
package struct PoolClustering: Sendable, Equatable {
  /// The candidates of one group of encoders and one of language models.
  package struct Group: Sendable, Equatable {
    package let encoderGroup: Int
    package let languageModelGroup: Int
    package let encoderBasis: ClusterBasis
    package let languageModelBasis: ClusterBasis
  }

  /// In the order of their first candidates; the engine's clusters.
  package private(set) var clusters: [Cluster] = []
  /// What each cluster is made of.
  package private(set) var groups: [Group] = []
  package private(set) var clusterOfCandidate: [Int] = []
  private var encoders = Grouping(isShared: false)
  /// For each group of encoders.
  private var languageModels: [Grouping] = []
  private var clusterOfGroups: [[Int]: Int] = [:]

  /// The models of one kind in groups.
  private struct Grouping: Sendable, Equatable {
    /// Whether models of which nothing is known are one group, or each its own.
    let isShared: Bool
    /// For each model its group.
    var groupOf: [Int] = []
    var bases: [ClusterBasis] = []
    /// The member that stands for each group, where representations say so.
    var medoids: [Int?] = []

    init(isShared: Bool) { self.isShared = isShared }

    init(_ clustering: ModelClustering, count: Int, isShared: Bool) {
      self.isShared = isShared
      groupOf = Array(repeating: 0, count: count)
      for (group, cluster) in clustering.clusters.enumerated() {
        for member in cluster.members { groupOf[member] = group }
        bases.append(cluster.basis)
        medoids.append(cluster.basis == .representations ? cluster.medoid : nil)
      }
    }

    /// Takes in the models that are new by what is declared of them: to the first that is alike.
    mutating func add(_ models: [PoolComponent]) {
      for model in groupOf.count..<models.count {
        let family = models[model].family
        let alike = (0..<model).first { other in
          models[other].family == family && (family != nil || isShared && bases[groupOf[other]] == .none)
        }
        if let alike {
          groupOf.append(groupOf[alike])
        } else {
          groupOf.append(bases.count)
          bases.append(family == nil ? .none : .family)
          medoids.append(nil)
        }
      }
    }
  }

  /// By families, where nothing has been measured: encoders without one are each a group, language models without one
  /// are one group together. O(candidates).
  package init(byFamilyIn pool: CandidatePool) { add(pool) }

  /// By representations, as far as there are any.
  package init(_ clustering: TwoStepClustering, in pool: CandidatePool) {
    encoders = Grouping(clustering.encoders, count: pool.encoders.count, isShared: false)
    languageModels = clustering.languageModels.map {
      Grouping($0, count: pool.languageModels.count, isShared: true)
    }
    add(pool)
  }

  /// The same with the candidates that a pool has gained; those that are there stay where they are. O(candidates).
  package func extended(to pool: CandidatePool) -> PoolClustering {
    var extended = self
    extended.add(pool)
    return extended
  }

  /// The best grounds of any cluster.
  package var basis: ClusterBasis {
    let bases = encoders.bases + languageModels.flatMap(\.bases)
    return bases.contains(.representations) ? .representations : bases.contains(.family) ? .family : .none
  }

  private mutating func add(_ pool: CandidatePool) {
    encoders.add(pool.encoders)
    while languageModels.count < encoders.bases.count { languageModels.append(Grouping(isShared: true)) }
    for group in languageModels.indices { languageModels[group].add(pool.languageModels) }
    var members = clusters.map(\.members)
    for candidate in clusterOfCandidate.count..<pool.candidates.count {
      let parts = pool.candidates[candidate]
      let encoderGroup = encoders.groupOf[parts.encoder]
      let languageModelGroup = languageModels[encoderGroup].groupOf[parts.languageModel]
      let cluster = clusterOfGroups[[encoderGroup, languageModelGroup]] ?? members.count
      if cluster == members.count {
        clusterOfGroups[[encoderGroup, languageModelGroup]] = cluster
        members.append([])
        groups.append(
          Group(
            encoderGroup: encoderGroup, languageModelGroup: languageModelGroup,
            encoderBasis: encoders.bases[encoderGroup],
            languageModelBasis: languageModels[encoderGroup].bases[languageModelGroup]))
      }
      members[cluster].append(candidate)
      clusterOfCandidate.append(cluster)
    }
    clusters = members.enumerated().map { cluster, members in
      let known = cluster < clusters.count ? clusters[cluster].medoid : nil
      return Cluster(members: members, medoid: known ?? medoid(of: members, groups[cluster], pool))
    }
  }

  /// The candidate of both medoids, if it is in the pool; where nothing says which member is typical, the cheapest.
  private func medoid(of members: [Int], _ group: Group, _ pool: CandidatePool) -> Int {
    let encoder = encoders.medoids[group.encoderGroup]
    let languageModel = languageModels[group.encoderGroup].medoids[group.languageModelGroup]
    func rank(_ candidate: Int) -> (Int, Double, Int) {
      let parts = pool.candidates[candidate]
      let strangers =
        (encoder.map { $0 == parts.encoder ? 0 : 1 } ?? 0)
        + (languageModel.map { $0 == parts.languageModel ? 0 : 1 } ?? 0)
      return (strangers, parts.costWeight, candidate)
    }
    return members.min { rank($0) < rank($1) } ?? 0
  }
}
