/// What is searched: candidates, each in one cluster.
public struct Pool: Equatable, Sendable {
  public private(set) var candidates: [Candidate]
  public private(set) var clusters: [Cluster]
  /// For each candidate the index of its cluster.
  public private(set) var clusterOfCandidate: [Int]
  /// The cost weights of all candidates together: what training each on all the data would take.
  public private(set) var totalCostWeight: Double
  /// Whether cost weights only compare candidates, so that GPU-seconds are known once a trial has reported some.
  public let hasRelativeCosts: Bool

  /// Checks and builds a pool.
  ///
  /// - Throws: ``SelectionError`` when there is no candidate, a cost is not positive and finite, a memory or a start
  ///   is negative, a candidate is in no cluster or in two, or a medoid is no member of its cluster.
  /// - Complexity: O(candidates).
  public init(
    candidates: [Candidate], clusters: [Cluster], hasRelativeCosts: Bool = false
  ) throws(SelectionError) {
    guard !candidates.isEmpty else { throw .emptyPool }
    for (index, candidate) in candidates.enumerated() { try Self.check(candidate, index) }
    var owner = [Int](repeating: -1, count: candidates.count)
    for (index, cluster) in clusters.enumerated() {
      guard cluster.members.contains(cluster.medoid) else {
        throw .medoidOutsideCluster(cluster: index, medoid: cluster.medoid)
      }
      for member in cluster.members {
        guard candidates.indices.contains(member) else {
          throw .unknownCandidate(member, count: candidates.count)
        }
        guard owner[member] < 0 else { throw .candidateInTwoClusters(member) }
        owner[member] = index
      }
    }
    if let alone = owner.firstIndex(of: -1) { throw .candidateInNoCluster(alone) }
    self.candidates = candidates
    self.clusters = clusters
    clusterOfCandidate = owner
    totalCostWeight = candidates.reduce(0) { $0 + $1.costWeight }
    self.hasRelativeCosts = hasRelativeCosts
  }

  /// Whether the candidate stands for its cluster.
  func isMedoid(_ candidate: Int) -> Bool { clusters[clusterOfCandidate[candidate]].medoid == candidate }

  /// A pool in which each candidate is a cluster of its own.
  public init(unclustered candidates: [Candidate]) throws(SelectionError) {
    try self.init(
      candidates: candidates, clusters: candidates.indices.map { Cluster(members: [$0], medoid: $0) })
  }

  /// Adds candidates behind those that are there.
  ///
  /// - Parameter clusterIndices: for each new candidate the cluster it joins; an index one past the last cluster founds
  ///   a new one, whose medoid it becomes.
  /// - Throws: ``SelectionError``; the pool is then unchanged.
  mutating func add(_ added: [Candidate], clusterIndices: [Int]) throws(SelectionError) {
    guard added.count == clusterIndices.count else {
      throw .clusterCountMismatch(expected: added.count, found: clusterIndices.count)
    }
    var clusterCount = clusters.count
    for (offset, candidate) in added.enumerated() {
      try Self.check(candidate, candidates.count + offset)
      guard 0...clusterCount ~= clusterIndices[offset] else {
        throw .unknownCluster(clusterIndices[offset], count: clusterCount)
      }
      if clusterIndices[offset] == clusterCount { clusterCount += 1 }
    }
    for (candidate, cluster) in zip(added, clusterIndices) {
      let index = candidates.count
      candidates.append(candidate)
      clusterOfCandidate.append(cluster)
      totalCostWeight += candidate.costWeight
      if cluster == clusters.count {
        clusters.append(Cluster(members: [index], medoid: index))
      } else {
        clusters[cluster].members.append(index)
      }
    }
  }

  private static func check(_ candidate: Candidate, _ index: Int) throws(SelectionError) {
    guard candidate.costWeight.isFinite, candidate.costWeight > 0 else {
      throw .invalidCandidate(index, field: "costWeight", value: candidate.costWeight)
    }
    guard candidate.memoryBytes >= 0 else {
      throw .invalidCandidate(index, field: "memoryBytes", value: Double(candidate.memoryBytes))
    }
    if let start = candidate.startGPUSeconds, !(start.isFinite && start >= 0) {
      throw .invalidCandidate(index, field: "startGPUSeconds", value: start)
    }
  }
}
