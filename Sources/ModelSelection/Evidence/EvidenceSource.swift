/// What is known of candidates before or beside a search: one figure for each, from one place.
public struct EvidenceSource: Equatable, Sendable {
  /// How much a source is expected to say before the search itself has shown it.
  public enum Kind: String, CaseIterable, Sendable {
    /// Scores of the same task: runs of an earlier search, finished or partial, or a public table.
    case sameTask
    /// Scores of another task.
    case relatedTask
    /// A figure of the models themselves: alignment, correspondence, parameters.
    case side

    /// The source's part in what all sources say together.
    var weight: Double {
      switch self {
      case .sameTask: 2
      case .relatedTask: 1
      case .side: 0.5
      }
    }
  }

  public var kind: Kind
  /// For each candidate the figure, greater being better; nil where the source says nothing of it.
  public var values: [Double?]

  public init(kind: Kind, values: [Double?]) {
    (self.kind, self.values) = (kind, values)
  }
}
