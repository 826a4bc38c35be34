internal import Basics
internal import ManifestText

/// The places of a manifest that name models of its pool.
struct ModelIndex {
  enum Role: String {
    case encoder, projector, languageModel

    /// The table's key that lists such models.
    var key: String {
      switch self {
      case .encoder: "encoders"
      case .projector: "projectors"
      case .languageModel: "language_models"
      }
    }
  }

  struct Occurrence: Equatable {
    let role: Role
    let id: String
    /// The value, quotes included.
    let range: SourceRange
    /// Whether it brings the model into the pool.
    let isDefinition: Bool
  }

  /// In the order of the text.
  private(set) var occurrences: [Occurrence] = []

  /// O(models and rules).
  init(_ tree: SyntaxTree) {
    guard case .table(let pool)? = tree.root["pool"]?.node.value else { return }
    for role in [Role.encoder, .projector, .languageModel] {
      for element in pool[role.key].elements {
        if case .table(let table) = element.value {
          note(table["id"]?.node, role, isDefinition: true)
        } else {
          note(element, role, isDefinition: true)
        }
      }
    }
    if case .table(let rules)? = pool["constraints"]?.node.value {
      for pair in rules["allowed_pairs"].elements + rules["denied_pairs"].elements {
        guard case .list(let parts) = pair.value else { continue }
        note(parts.first, .encoder, isDefinition: false)
        note(parts.dropFirst().first, .languageModel, isDefinition: false)
      }
    }
    if case .table(let model)? = tree.root["model"]?.node.value {
      note(model["encoder"]?.node, .encoder, isDefinition: false)
      note(model["projector"]?.node, .projector, isDefinition: false)
      note(model["language_model"]?.node, .languageModel, isDefinition: false)
    }
    occurrences.sort { $0.range.lower < $1.range.lower }
  }

  private mutating func note(_ node: SyntaxNode?, _ role: Role, isDefinition: Bool) {
    guard let node, case .string(let id) = node.value else { return }
    occurrences.append(Occurrence(role: role, id: id, range: node.range, isDefinition: isDefinition))
  }

  /// The model named at an offset. O(log models).
  func occurrence(at offset: Int) -> Occurrence? {
    let next = occurrences.partitioningIndex { $0.range.lower > offset }
    guard next > 0, occurrences[next - 1].range.touches(offset) else { return nil }
    return occurrences[next - 1]
  }

  /// All places that name the same model.
  func places(of occurrence: Occurrence) -> [Occurrence] {
    occurrences.filter { $0.role == occurrence.role && ExactString($0.id) == ExactString(occurrence.id) }
  }

  /// The ids of a kind that the pool has.
  func ids(_ role: Role) -> [String] { occurrences.filter { $0.isDefinition && $0.role == role }.map(\.id) }
}

extension SyntaxTable.Member? {
  fileprivate var elements: [SyntaxNode] {
    guard case .list(let elements)? = self?.node.value else { return [] }
    return elements
  }
}
