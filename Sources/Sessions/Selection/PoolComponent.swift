internal import Basics

/// One model that candidates are made of, as its owner describes it.
package struct PoolComponent: Sendable, Equatable {
  package enum Role: String, Sendable, CaseIterable {
    case encoder, projector, languageModel
  }

  package var id: String
  package var parameterCount: Int?
  /// What training a candidate with it takes of each of its GPUs because of it.
  package var memoryBytes: Int?
  package var licence: String?
  package var tags: [String]
  package var embeddingWidth: Int?
  /// Models of one family are expected to behave alike where nothing is measured.
  package var family: String?
  /// What it adds to the time of one answer of the finished model.
  package var latencySeconds: Double?
  /// What it adds to the cost of training a candidate on all data, in any unit.
  package var costWeight: Double?
  /// What it adds to the time that every start of a trial takes before it trains.
  package var startSeconds: Double?
  /// Equal layers it is made of, for dividing a candidate among pipeline stages.
  package var layerCount: Int?

  package init(
    id: String, parameterCount: Int? = nil, memoryBytes: Int? = nil, licence: String? = nil, tags: [String] = [],
    embeddingWidth: Int? = nil, family: String? = nil, latencySeconds: Double? = nil, costWeight: Double? = nil,
    startSeconds: Double? = nil, layerCount: Int? = nil
  ) {
    self.id = id
    self.parameterCount = parameterCount
    self.memoryBytes = memoryBytes
    self.licence = licence
    self.tags = tags
    self.embeddingWidth = embeddingWidth
    self.family = family
    self.latencySeconds = latencySeconds
    self.costWeight = costWeight
    self.startSeconds = startSeconds
    self.layerCount = layerCount
  }
}

/// A candidate by the names of its parts.
package struct CandidateName: Sendable, Hashable {
  package let encoder: String
  /// Nil where the pool names no projectors.
  package let projector: String?
  package let languageModel: String

  package init(encoder: String, projector: String?, languageModel: String) {
    self.encoder = encoder
    self.projector = projector
    self.languageModel = languageModel
  }

  /// The names, compared by bytes.
  private var exact: [ExactString?] { [encoder, projector, languageModel].map { $0.map { ExactString($0) } } }
  package static func == (a: CandidateName, b: CandidateName) -> Bool { a.exact == b.exact }
  package func hash(into hasher: inout Hasher) { hasher.combine(exact) }

  /// For error texts.
  package var text: String {
    [encoder, projector, languageModel].compactMap { $0.map { Preview.cut($0) } }.joined(separator: " + ")
  }
}

/// An encoder and a language model; any projector between them is meant.
package struct ComponentPair: Sendable, Hashable {
  package let encoder: String
  package let languageModel: String

  package init(encoder: String, languageModel: String) {
    self.encoder = encoder
    self.languageModel = languageModel
  }

  /// The names, compared by bytes.
  private var exact: [ExactString] { [ExactString(encoder), ExactString(languageModel)] }
  package static func == (a: ComponentPair, b: ComponentPair) -> Bool { a.exact == b.exact }
  package func hash(into hasher: inout Hasher) { hasher.combine(exact) }
}

/// Which candidates are out of the question: every rule must hold. A figure that is not stated is within every bound.
package struct PoolConstraints: Sendable, Equatable {
  package var maximumMemoryBytes: Int?
  package var maximumLatencySeconds: Double?
  package var maximumParameterCount: Int?
  /// Where given, every part must state one of these.
  package var allowedLicences: [String]?
  package var deniedLicences: [String]
  /// No part may have one of these.
  package var deniedTags: [String]
  /// Where given, only these pairs.
  package var allowedPairs: [ComponentPair]?
  package var deniedPairs: [ComponentPair]

  package init(
    maximumMemoryBytes: Int? = nil, maximumLatencySeconds: Double? = nil, maximumParameterCount: Int? = nil,
    allowedLicences: [String]? = nil, deniedLicences: [String] = [], deniedTags: [String] = [],
    allowedPairs: [ComponentPair]? = nil, deniedPairs: [ComponentPair] = []
  ) {
    self.maximumMemoryBytes = maximumMemoryBytes
    self.maximumLatencySeconds = maximumLatencySeconds
    self.maximumParameterCount = maximumParameterCount
    self.allowedLicences = allowedLicences
    self.deniedLicences = deniedLicences
    self.deniedTags = deniedTags
    self.allowedPairs = allowedPairs
    self.deniedPairs = deniedPairs
  }

  /// Why a candidate is left out.
  package enum Rule: String, Sendable, CaseIterable {
    case memory, latency, parameters, licence, tag, pair
  }
}
