package import ModelSelection

/// The pool of a session as `pool/submit` answers it.
package struct PoolSummary: Sendable, Equatable {
  package let candidateCount: Int
  package let addedCount: Int
  package let excluded: [Excluded]
  package let costBasis: CandidatePool.CostBasis
  package let clusterCount: Int
  package let clusterBasis: ClusterBasis
  package let diagnostics: [SelectionDiagnostic]

  /// Combinations that a rule leaves out.
  package struct Excluded: Sendable, Equatable {
    package let rule: PoolConstraints.Rule
    package let count: Int
  }
}

extension ModelSearch {
  /// - Parameter knownCount: candidates before the submission.
  package func poolSummary(knownCount: Int) -> PoolSummary {
    PoolSummary(
      candidateCount: pool.candidates.count, addedCount: pool.candidates.count - knownCount,
      excluded: PoolConstraints.Rule.allCases.compactMap { rule in
        pool.excludedCounts[rule].map { PoolSummary.Excluded(rule: rule, count: $0) }
      },
      costBasis: pool.costBasis, clusterCount: clustering.clusters.count, clusterBasis: clustering.basis,
      diagnostics: diagnostics)
  }
}

extension SessionState {
  /// Adds the parts of a submission to the session's pool, or founds it.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool` or `searchBegun`.
  package mutating func submit(
    _ submission: PoolSubmission, _ settings: SelectionSettings?
  ) throws(RequestError) -> PoolSummary {
    let known = search?.pool.candidates.count ?? 0
    if search == nil {
      search = try ModelSearch(submission, settings ?? SelectionSettings(), seed: seed, gpus: gpus.values)
    } else {
      try editSearch { (search) throws(RequestError) in try search.grow(by: submission, settings) }
    }
    return try requireSearch().poolSummary(knownCount: known)
  }
}

/// The clusters of a pool as `pool/clusters` answers them.
package struct PoolClusterReport: Sendable, Equatable {
  package let clusters: [CandidateCluster]
  package let encoders: Models
  package let languageModels: [LanguageModels]

  /// Candidates that are expected to behave alike.
  package struct CandidateCluster: Sendable, Equatable {
    package let encoderCluster: Int
    package let languageModelCluster: Int
    package let candidateCount: Int
    package let medoid: CandidateName
    package let encoderBasis: ClusterBasis
    package let languageModelBasis: ClusterBasis
  }

  /// Models of one kind in clusters.
  package struct Models: Sendable, Equatable {
    package let clusters: [Cluster]
    package let compared: [String]
    /// Row by row; nil where nothing was compared, as are the joins.
    package let similarity: [[Double]]?
    package let joins: [Join]?

    package struct Cluster: Sendable, Equatable {
      package let members: [String]
      package let medoid: String
      package let basis: ClusterBasis
    }

    package struct Join: Sendable, Equatable {
      package let first: Int
      package let second: Int
      package let similarity: Double
      package let memberCount: Int
    }

    init(_ clustering: ModelClustering, _ names: [String]) {
      clusters = clustering.clusters.map { cluster in
        Cluster(members: cluster.members.map { names[$0] }, medoid: names[cluster.medoid], basis: cluster.basis)
      }
      compared = clustering.measured.map { names[$0] }
      similarity = clustering.similarity.map { similarity in
        (0..<similarity.count).map { row in (0..<similarity.count).map { similarity[row, $0] } }
      }
      joins = clustering.dendrogram.map {
        $0.joins.map {
          Join(first: $0.first, second: $0.second, similarity: 1 - $0.distance, memberCount: $0.memberCount)
        }
      }
    }
  }

  /// The language models behind one cluster of encoders.
  package struct LanguageModels: Sendable, Equatable {
    package let encoderCluster: Int
    /// The cluster's medoid.
    package let encoder: String
    package let models: Models
  }

  /// - Parameter pool: the pool now, which may have grown since the comparison.
  package init(_ found: TwoStepClustering, of comparison: PoolComparison, in pool: CandidatePool) {
    let clustering = PoolClustering(found, in: pool)
    clusters = zip(clustering.clusters, clustering.groups).map { cluster, group in
      CandidateCluster(
        encoderCluster: group.encoderGroup, languageModelCluster: group.languageModelGroup,
        candidateCount: cluster.members.count, medoid: pool.name(of: cluster.medoid),
        encoderBasis: group.encoderBasis, languageModelBasis: group.languageModelBasis)
    }
    let encoderNames = comparison.encoders.map(\.id)
    encoders = Models(found.encoders, encoderNames)
    languageModels = found.encoders.clusters.enumerated().map { index, cluster in
      LanguageModels(
        encoderCluster: index, encoder: encoderNames[cluster.medoid],
        models: Models(found.languageModels[index], comparison.languageModels.map(\.id)))
    }
  }
}
