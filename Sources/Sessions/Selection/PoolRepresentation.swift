package import Basics
package import ModelSelection
package import Representations

/// What a representation belongs to: an encoder, or a language model that is shown what an encoder makes of the
/// samples.
package struct RepresentationKey: Sendable, Hashable {
  package let encoder: String
  package let languageModel: String?

  package init(encoder: String, languageModel: String?) {
    self.encoder = encoder
    self.languageModel = languageModel
  }

  /// The names, compared by bytes.
  private var exact: [ExactString?] { [encoder, languageModel].map { $0.map { ExactString($0) } } }
  package static func == (a: RepresentationKey, b: RepresentationKey) -> Bool { a.exact == b.exact }
  package func hash(into hasher: inout Hasher) { hasher.combine(exact) }
}

/// A representation, and how it was sent.
package struct PoolRepresentation: Sendable {
  /// How it was sent; what was sent inline is written from the matrix again, so that it is kept once.
  package enum Source: Sendable {
    /// The path as it was sent, the file it led to, and the CRC-32C of its contents.
    case npyPath(String, resolved: String, crc32c: UInt32)
    case base64
    case rows
  }

  package let key: RepresentationKey
  package let source: Source
  package let matrix: Representation

  package init(key: RepresentationKey, source: Source, matrix: Representation) {
    self.key = key
    self.source = source
    self.matrix = matrix
  }
}

/// How representations are compared and clusters cut.
package struct ComparisonSettings: Sendable, Equatable {
  package var kernel: SampleKernel
  package var estimator: AlignmentEstimator
  package var clustering: ClusteringSettings

  package init(kernel: SampleKernel, estimator: AlignmentEstimator, clustering: ClusteringSettings) {
    self.kernel = kernel
    self.estimator = estimator
    self.clustering = clustering
  }
}

/// The inputs of a two-step clustering; immutable, so that it can be computed beside the loop.
package struct PoolComparison: Sendable {
  package let encoders: [PoolComponent]
  package let languageModels: [PoolComponent]
  package let representations: [RepresentationKey: PoolRepresentation]
  /// Counts the changes to pool and representations.
  package let inputRevision: Int

  /// Compares and clusters.
  ///
  /// - Parameter parallel: brings in further cores; the result has the same bits on any number of them.
  /// - Throws: ``RequestError`` of kind `invalidRepresentation` or `cancelled`.
  package func clustering(
    _ settings: ComparisonSettings, parallel: ParallelMap, progress: ProgressHandle
  ) throws(RequestError) -> TwoStepClustering {
    // Comparisons of language models follow behind each medoid; how many there are is known only then.
    let pairedEncoders = Set(representations.keys.compactMap { $0.languageModel == nil ? nil : $0.encoder }).count
    let encoderShare = pairedEncoders == 0 ? 1.0 : 0.5
    var groupCount = 0
    let encoderMatrices = encoders.map { representations[RepresentationKey(encoder: $0.id, languageModel: nil)] }
    return try TwoStepClustering(
      encoders: try clustering(
        encoderMatrices, of: encoders, isShared: false, settings, settings.clustering.encoderThreshold, parallel,
        progress.part(0...encoderShare))
    ) { (medoid) throws(RequestError) in
      let key = encoders[medoid].id
      let matrices = languageModels.map { representations[RepresentationKey(encoder: key, languageModel: $0.id)] }
      let isMeasured = matrices.contains { $0 != nil }
      if isMeasured { groupCount += 1 }
      let start = encoderShare + (1 - encoderShare) * Double(max(0, groupCount - 1)) / Double(max(1, pairedEncoders))
      let end = encoderShare + (1 - encoderShare) * Double(groupCount) / Double(max(1, pairedEncoders))
      return try clustering(
        matrices, of: languageModels, isShared: true, settings, settings.clustering.languageModelThreshold, parallel,
        progress.part(min(start, end)...min(end, 1)))
    }
  }

  private func clustering(
    _ sent: [PoolRepresentation?], of models: [PoolComponent], isShared: Bool, _ settings: ComparisonSettings,
    _ threshold: Double, _ parallel: ParallelMap, _ progress: ProgressHandle
  ) throws(RequestError) -> ModelClustering {
    let measured = sent.indices.filter { sent[$0] != nil }
    var similarity: SimilarityMatrix?
    if !measured.isEmpty {
      do throws(RepresentationError) {
        let alignment = try AlignmentMatrix(
          of: sent.compactMap { $0?.matrix }, kernel: settings.kernel, estimator: settings.estimator,
          parallel: parallel, memory: Limits.representationMemory, progress: progress)
        similarity = SimilarityMatrix(count: alignment.count, values: alignment.values)
      } catch {
        throw RequestError(error, key: error.index.flatMap { sent[measured[$0]]?.key })
      }
    }
    return ModelClustering(
      measured: measured, similarity: similarity, threshold: threshold, linkage: settings.clustering.linkage,
      unmeasured: UnmeasuredModels(families: models.map(\.family), sharesOneCluster: isShared))
  }
}

extension RequestError {
  /// Why a representation was refused; `key` says whose it is, where that is not plain from the request.
  package init(_ error: RepresentationError, path: String = "", key: RepresentationKey? = nil) {
    if error.kind == .cancelled {
      self.init(
        .cancelled, expected: "the request to run to its end", found: "its cancellation",
        fix: "send it again if it is needed")
      return
    }
    let whose = key.map { key in
      " for \(Preview.quoted(key.encoder))" + (key.languageModel.map { " with \(Preview.quoted($0))" } ?? "")
    }
    self.init(
      .invalidRepresentation, path: path, expected: error.expected, found: error.found + (whose ?? ""), fix: error.fix)
  }
}
