/// How the distance between two clusters follows from the distances between their members.
public enum Linkage: String, Sendable, CaseIterable {
  /// The smallest distance.
  case single
  /// The greatest distance.
  case complete
  /// The mean distance over all pairs (UPGMA).
  case average
}

/// Agglomerative clustering: from every model alone to all in one cluster, the nearest two joined first.
public struct Dendrogram: Sendable, Hashable {
  /// Two clusters become one. Clusters below `leafCount` are single models; join k makes cluster `leafCount + k`.
  public struct Join: Sendable, Hashable {
    /// The cluster whose smallest member is smaller.
    public let first: Int
    public let second: Int
    public let distance: Double
    /// How many models the joined cluster has.
    public let memberCount: Int
  }

  public let leafCount: Int
  /// By rising distance, `leafCount - 1` of them.
  public let joins: [Join]

  /// Joins the nearest clusters until one is left, by the nearest-neighbour chain (Murtagh 1983): follow nearest
  /// neighbours until two are each other's, join these, go on from where the chain came.
  ///
  /// Of equally near clusters the chain goes back to the one it came from, else on to the one with the smallest member.
  ///
  /// - Complexity: O(n^2) time and memory.
  public init(of similarity: SimilarityMatrix, linkage: Linkage) {
    let count = similarity.count
    leafCount = count
    var chaining = NeighbourChain(similarity, linkage)
    var found: [NeighbourChain.Pair] = []
    while found.count < count - 1 { found.append(chaining.next()) }
    // A chain finds joins in the order of places, not of distances; a join still follows those that it is made of,
    // since none of these is farther and the order of equals is kept.
    let order = found.indices.sorted { (found[$0].distance, $0) < (found[$1].distance, $1) }
    var clusterAt = Array(0..<count)
    var memberCounts = [Int](repeating: 1, count: count)
    var joins: [Join] = []
    for index in order {
      let pair = found[index]
      let memberCount = memberCounts[pair.first] + memberCounts[pair.second]
      joins.append(
        Join(
          first: clusterAt[pair.first], second: clusterAt[pair.second], distance: pair.distance,
          memberCount: memberCount))
      // A cluster stands at the place of its smallest member.
      clusterAt[pair.first] = count + joins.count - 1
      memberCounts[pair.first] = memberCount
    }
    self.joins = joins
  }

  /// The clusters that are left when only joins within a distance are made: each by rising member, ordered by their
  /// smallest. O(n log n).
  public func clusters(within distance: Double) -> [[Int]] {
    var members: [[Int]] = (0..<leafCount).map { [$0] }
    for join in joins where join.distance <= distance {
      members.append(members[join.first] + members[join.second])
      members[join.first] = []
      members[join.second] = []
    }
    return members.filter { !$0.isEmpty }.map { $0.sorted() }.sorted { $0[0] < $1[0] }
  }

  /// The clusters whose joins are at least so similar: a higher threshold leaves more of them.
  public func clusters(similarity threshold: Double) -> [[Int]] { clusters(within: 1 - threshold) }
}

/// The state of the nearest-neighbour chain: distances between the clusters that are left, each at its smallest member.
private struct NeighbourChain {
  struct Pair {
    /// The smaller place.
    let first: Int
    let second: Int
    let distance: Double
  }

  private let count: Int
  private let linkage: Linkage
  private var distances: [Double]
  private var sizes: [Double]
  /// The greatest distance within the cluster at a place: rounding must not let a join be nearer than its parts.
  private var heights: [Double]
  private var chain: [Int] = []

  init(_ similarity: SimilarityMatrix, _ linkage: Linkage) {
    count = similarity.count
    self.linkage = linkage
    distances = []
    distances.reserveCapacity(count * count)
    for row in 0..<count {
      for column in 0..<count { distances.append(similarity.distance(row, column)) }
    }
    sizes = Array(repeating: 1, count: count)
    heights = Array(repeating: 0, count: count)
  }

  /// The next two clusters that are each other's nearest; they are one afterwards. Amortised O(n).
  mutating func next() -> Pair {
    if chain.isEmpty { chain.append(sizes.firstIndex { $0 > 0 }!) }
    while true {
      let tip = chain[chain.count - 1]
      let previous = chain.count > 1 ? chain[chain.count - 2] : nil
      var nearest = previous
      var distance = previous.map { distances[tip * count + $0] } ?? .infinity
      for place in 0..<count where place != tip && sizes[place] > 0 && distances[tip * count + place] < distance {
        nearest = place
        distance = distances[tip * count + place]
      }
      guard let nearest, nearest == previous else {
        chain.append(nearest!)
        continue
      }
      chain.removeLast(2)
      return join(min(tip, nearest), max(tip, nearest), distance)
    }
  }

  private mutating func join(_ first: Int, _ second: Int, _ distance: Double) -> Pair {
    let height = max(distance, heights[first], heights[second])
    for place in 0..<count where sizes[place] > 0 && place != first && place != second {
      let (one, other) = (distances[first * count + place], distances[second * count + place])
      let joined =
        switch linkage {
        case .single: min(one, other)
        case .complete: max(one, other)
        case .average: (sizes[first] * one + sizes[second] * other) / (sizes[first] + sizes[second])
        }
      distances[first * count + place] = joined
      distances[place * count + first] = joined
    }
    sizes[first] += sizes[second]
    sizes[second] = 0
    heights[first] = height
    return Pair(first: first, second: second, distance: height)
  }
}
