internal import JSON
internal import ModelSelection
internal import Representations
internal import Sessions

// How the settings of a comparison of models stand on the wire, for reading and for the export.

/// The params of pool/clusters but for the session.
struct ComparisonSettingsEntry: ObjectReadable {
  let settings: ComparisonSettings

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let kernel: KernelName = try reader.optional(
      "kernel", .choice(), default: .linear, "What makes two samples alike: inner products, or `rbf`.")
    let bandwidth = try reader.optional(
      "bandwidthFraction", .positive, default: 1, "For `rbf`: its width over the median distance of two samples.")
    let estimator: EstimatorName = try reader.optional(
      "estimator", .choice(), default: .biased,
      "`biased`, `unbiased`, or `minibatch`: the mean of unbiased estimates over batches.")
    let batch = try reader.optional(
      "batchSize", .integer(in: 4...(1 << 40)), default: 256, "For `minibatch`: its samples.")
    let published = ClusteringSettings()
    let clustering = ClusteringSettings(
      encoderThreshold: try reader.optional(
        "encoderSimilarity", .number(in: -1...1), default: published.encoderThreshold,
        "Join encoders down to this similarity; higher means more clusters. 0.7 by default."),
      languageModelThreshold: try reader.optional(
        "languageModelSimilarity", .number(in: -1...1), default: published.languageModelThreshold,
        "The same for language models; 0.8 by default."),
      linkage: try reader.optional(
        "linkage", .choice(), default: published.linkage,
        "How the distance of two clusters follows from their members'."))
    settings = ComparisonSettings(
      kernel: kernel == .linear ? .linear : .rbf(bandwidthFraction: bandwidth),
      estimator: estimator == .biased ? .biased : estimator == .unbiased ? .unbiased : .minibatch(size: batch),
      clustering: clustering)
  }

  private enum KernelName: String, CaseIterable, Sendable {
    case linear, rbf
  }

  private enum EstimatorName: String, CaseIterable, Sendable {
    case biased, unbiased, minibatch
  }
}

extension ComparisonSettings {
  /// The fields as pool/clusters takes them.
  func write(to object: inout ObjectWriter) {
    switch kernel {
    case .linear: object.field("kernel", "linear")
    case .rbf(let fraction):
      object.field("kernel", "rbf")
      object.field("bandwidthFraction", fraction)
    }
    switch estimator {
    case .biased: object.field("estimator", "biased")
    case .unbiased: object.field("estimator", "unbiased")
    case .minibatch(let size):
      object.field("estimator", "minibatch")
      object.field("batchSize", size)
    }
    object.field("encoderSimilarity", clustering.encoderThreshold)
    object.field("languageModelSimilarity", clustering.languageModelThreshold)
    object.field("linkage", clustering.linkage.rawValue)
  }
}
