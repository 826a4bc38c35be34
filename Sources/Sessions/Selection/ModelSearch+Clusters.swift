internal import Basics
package import ModelSelection
internal import Representations

// What representations say of the pool.
extension ModelSearch {
  /// Keeps a representation; one of the same model replaces it.
  ///
  /// - Throws: ``RequestError`` of kind `unknownCandidate`, or `invalidRepresentation` when it is not of as many
  ///   samples as those that it will be compared with. O(representations).
  package mutating func attach(_ representation: PoolRepresentation) throws(RequestError) {
    let key = representation.key
    guard pool.encoders.contains(where: { ExactString($0.id) == ExactString(key.encoder) }) else {
      throw .unknown("encoder", key.encoder)
    }
    if let model = key.languageModel, !pool.languageModels.contains(where: { ExactString($0.id) == ExactString(model) })
    {
      throw .unknown("languageModel", model)
    }
    let peers = representations.values.filter { other in
      other.key != key
        && (key.languageModel == nil
          ? other.key.languageModel == nil : other.key.languageModel != nil && other.key.encoder == key.encoder)
    }
    if let peer = peers.first(where: { $0.matrix.sampleCount != representation.matrix.sampleCount }) {
      throw RequestError(
        .invalidRepresentation, expected: "\(peer.matrix.sampleCount) samples, as of the models it is compared with",
        found: "\(representation.matrix.sampleCount)", fix: "show every model the same samples")
    }
    representations[key] = representation
    inputRevision += 1
    log.append(.attached(representation))
  }

  package var representationCount: Int { representations.count }

  /// Elements of all representations attached so far. O(representations).
  package var representationElementCount: Int {
    representations.values.reduce(0) { $0 + $1.matrix.sampleCount * $1.matrix.featureCount }
  }

  /// What is to be compared now.
  package var comparison: PoolComparison {
    PoolComparison(
      encoders: pool.encoders, languageModels: pool.languageModels, representations: representations,
      inputRevision: inputRevision)
  }

  /// Takes the clusters that a comparison found; a search that has begun keeps those that it began with.
  ///
  /// - Returns: whether the search uses them.
  /// - Throws: ``RequestError`` of kind `inputsChanged` when the comparison is out of date.
  package mutating func adopt(
    _ found: TwoStepClustering, of comparison: PoolComparison, _ settings: ComparisonSettings
  ) throws(RequestError) -> Bool {
    guard comparison.inputRevision == inputRevision else {
      throw RequestError(
        .inputsChanged, path: "session", expected: "the pool and its representations as they were when this began",
        found: "a change in between", fix: "send pool/clusters again")
    }
    let new = PoolClustering(found, in: pool)
    if hasBegun { return new == clustering }
    try cluster(new)
    log.append(.clustered(settings))
    return true
  }
}

extension RequestError {
  fileprivate static func unknown(_ field: String, _ id: String) -> RequestError {
    RequestError(
      .unknownCandidate, path: field, expected: "a model of the pool", found: Preview.quoted(id),
      fix: "submit it with pool/submit")
  }
}
