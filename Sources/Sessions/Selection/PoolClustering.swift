package import ModelSelection

/// Which candidates are expected to behave alike, and on what grounds.
package struct PoolClustering: Sendable, Equatable {
  package enum Basis: String, Sendable {
    /// Representations were compared.
    case representations
    /// Models of one family are taken for similar, and an encoder without one for a family of its own.
    case family
    /// No family is stated: candidates with the same encoder are taken for similar.
    case encoder
  }

  package let basis: Basis
  package private(set) var clusters: [Cluster] = []
  package private(set) var clusterOfCandidate: [Int] = []
  /// The cluster of each combination of groups.
  private var clusterOfGroups: [GroupPair: Int] = [:]

  private struct GroupPair: Hashable {
    let encoders: String
    let languageModels: String
  }

  /// One cluster for each pair of families, where nothing has been measured. O(candidates).
  package init(byFamilyIn pool: CandidatePool) {
    let models = pool.encoders + pool.languageModels
    basis = models.contains { $0.family != nil } ? .family : .encoder
    add(pool)
  }

  /// The same with the candidates that a pool has gained; those that are there stay where they are. O(candidates).
  package func extended(to pool: CandidatePool) -> PoolClustering {
    var extended = self
    extended.add(pool)
    return extended
  }

  private mutating func add(_ pool: CandidatePool) {
    var members = clusters.map(\.members)
    var medoids: [Int?] = clusters.map(\.medoid)
    for candidate in clusterOfCandidate.count..<pool.candidates.count {
      let parts = pool.candidates[candidate]
      let encoder = pool.encoders[parts.encoder]
      let groups = GroupPair(
        encoders: encoder.family.map { "family " + $0 } ?? "encoder " + encoder.id,
        languageModels: pool.languageModels[parts.languageModel].family ?? "")
      let cluster = clusterOfGroups[groups] ?? members.count
      if cluster == members.count {
        clusterOfGroups[groups] = cluster
        members.append([])
        medoids.append(nil)
      }
      members[cluster].append(candidate)
      clusterOfCandidate.append(cluster)
    }
    // Where nothing says which member is typical, the cheapest stands for the others.
    clusters = zip(members, medoids).map { members, medoid in
      let cheapest = members.min { pool.candidates[$0].costWeight < pool.candidates[$1].costWeight }
      return Cluster(members: members, medoid: medoid ?? cheapest ?? 0)
    }
  }
}
