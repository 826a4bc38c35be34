import Basics
import ModelSelection
import Testing

@Suite struct ClusteringTests {
  /// Four points on a line, at 0, 1, 3 and 7 tenths: every linkage joins 0-1, then 2, then 3, at its own distances.
  private static let line = matrix(of: [0, 0.1, 0.3, 0.7])

  private static func matrix(of places: [Double]) -> SimilarityMatrix {
    SimilarityMatrix(count: places.count, values: places.flatMap { one in places.map { 1 - abs(one - $0) } })
  }

  @Test(arguments: [
    (Linkage.single, [0.1, 0.2, 0.4]), (.complete, [0.1, 0.3, 0.7]), (.average, [0.1, 0.25, 1.7 / 3]),
  ])
  func joinsByTheNamedDistance(_ linkage: Linkage, _ distances: [Double]) {
    let dendrogram = Dendrogram(of: Self.line, linkage: linkage)
    #expect(dendrogram.joins.map(\.first) == [0, 4, 5])
    #expect(dendrogram.joins.map(\.second) == [1, 2, 3])
    #expect(dendrogram.joins.map(\.memberCount) == [2, 3, 4])
    for (join, distance) in zip(dendrogram.joins, distances) { #expect(abs(join.distance - distance) < 1e-12) }
    #expect(dendrogram.clusters(similarity: 0.8) == [[0, 1], [2], [3]] || linkage == .single)
    #expect(dendrogram.clusters(similarity: 0.95) == [[0], [1], [2], [3]])
    #expect(dendrogram.clusters(similarity: 0) == [[0, 1, 2, 3]])
  }

  /// The distances of joins and the partitions at every cut, against joining the nearest two over and over by
  /// definition.
  @Test(arguments: Linkage.allCases) func agreesWithJoiningTheNearestTwo(_ linkage: Linkage) {
    var generator = SplitMix64(seed: 11)
    for count in [1, 2, 3, 7, 20] {
      var values = [Double](repeating: 1, count: count * count)
      for i in 0..<count {
        for j in 0..<i {
          values[i * count + j] = Double.random(in: -0.2...1, using: &generator)
          values[j * count + i] = values[i * count + j]
        }
      }
      let similarity = SimilarityMatrix(count: count, values: values)
      let dendrogram = Dendrogram(of: similarity, linkage: linkage)
      var clusters = (0..<count).map { [$0] }
      for join in dendrogram.joins {
        let pairs = clusters.indices.flatMap { i in (0..<i).map { ($0, i) } }
        let nearest = pairs.map { (Self.distance(clusters[$0.0], clusters[$0.1], similarity, linkage), $0) }
          .min { $0.0 < $1.0 }!
        #expect(abs(join.distance - nearest.0) < 1e-12)
        clusters[nearest.1.0] += clusters.remove(at: nearest.1.1)
        clusters = clusters.map { $0.sorted() }.sorted { $0[0] < $1[0] }
        #expect(dendrogram.clusters(within: join.distance) == clusters)
      }
    }
  }

  private static func distance(
    _ one: [Int], _ other: [Int], _ similarity: SimilarityMatrix, _ linkage: Linkage
  ) -> Double {
    let distances = one.flatMap { a in other.map { similarity.distance(a, $0) } }
    return switch linkage {
    case .single: distances.min()!
    case .complete: distances.max()!
    case .average: distances.reduce(0, +) / Double(distances.count)
    }
  }

  /// Equal distances everywhere: still one tree, with joins after what they are made of, at one distance.
  @Test(arguments: Linkage.allCases) func tiesAreSettledTheSameWay(_ linkage: Linkage) {
    let count = 9
    let values = (0..<count * count).map { $0 / count == $0 % count ? 1 : 0.25 }
    let similarity = SimilarityMatrix(count: count, values: values)
    let dendrogram = Dendrogram(of: similarity, linkage: linkage)
    for (index, join) in dendrogram.joins.enumerated() {
      #expect(join.first < count + index && join.second < count + index && join.distance == 0.75)
    }
    #expect(Set(dendrogram.joins.flatMap { [$0.first, $0.second] }).count == 2 * (count - 1))
    #expect(dendrogram.clusters(similarity: 0.25) == [Array(0..<count)])
    #expect(similarity.medoid(of: [4, 2, 7]) == 4)
    #expect(similarity.medoid(of: [2, 4, 7]) == 2)
  }

  @Test func medoidIsTheMostSimilarToTheOthers() {
    #expect(Self.line.medoid(of: [0, 1, 2]) == 1)
    #expect(Self.line.medoid(of: [0, 1, 2, 3]) == 1)
    #expect(Self.line.medoid(of: [3]) == 3)
  }

  @Test func modelsWithoutRepresentationsFallBackAndSaySo() {
    let families: [String?] = ["clip", nil, "clip", "dino", nil, "clip"]
    func clustering(sharesOneCluster: Bool) -> ModelClustering {
      ModelClustering(
        measured: [0, 3, 5], similarity: Self.matrix(of: [0, 0.5, 0.1]), threshold: 0.7,
        unmeasured: UnmeasuredModels(families: families, sharesOneCluster: sharesOneCluster))
    }
    let alone = clustering(sharesOneCluster: false)
    #expect(alone.clusters.map(\.members) == [[0, 5], [1], [2], [3], [4]])
    #expect(alone.clusters.map(\.basis) == [.representations, .none, .family, .representations, .none])
    #expect(alone.clusters.map(\.medoid) == [0, 1, 2, 3, 4])
    #expect(clustering(sharesOneCluster: true).clusters.map(\.members) == [[0, 5], [1, 4], [2], [3]])
    let bare = ModelClustering(threshold: 0.7, unmeasured: UnmeasuredModels(families: families, sharesOneCluster: true))
    #expect(bare.clusters.map(\.members) == [[0, 2, 5], [1, 4], [3]])
    #expect(bare.similarity == nil && bare.dendrogram == nil)
  }

  /// Every pair of models is in exactly one cluster, whose medoid is one of its pairs.
  @Test func twoStepsPartitionThePairs() {
    let encoders = ModelClustering(
      measured: [0, 1, 2], similarity: Self.matrix(of: [0, 0.2, 0.9]), threshold: 0.7,
      unmeasured: UnmeasuredModels(families: [nil, nil, nil, "dino"], sharesOneCluster: false))
    var asked: [Int] = []
    let clustering = TwoStepClustering(encoders: encoders) { medoid in
      asked.append(medoid)
      return ModelClustering(
        measured: [0, 1], similarity: Self.matrix(of: [0, medoid == 2 ? 0.1 : 0.3]), threshold: 0.8,
        unmeasured: UnmeasuredModels(families: [nil, nil, nil, nil], sharesOneCluster: true))
    }
    #expect(asked == [0, 2, 3])
    let clusters = clustering.pairClusters
    #expect(clusters.map(\.languageModels) == [[0], [1], [2, 3], [0, 1], [2, 3], [0], [1], [2, 3]])
    let pairs = clusters.flatMap { cluster in cluster.encoders.flatMap { e in cluster.languageModels.map { [e, $0] } } }
    #expect(pairs.count == 16 && Set(pairs).count == 16)
    for cluster in clusters {
      #expect(cluster.encoders.contains(cluster.medoidEncoder))
      #expect(cluster.languageModels.contains(cluster.medoidLanguageModel))
    }
    #expect(clusters[2].languageModelBasis == .none && clusters[2].encoderBasis == .representations)
  }
}
