/// Which stage feeds which, and which stages are copies of the same part of the model.
///
/// Stages are numbered without gaps. In most pipelines stage s feeds s + 1, and each is a part of the model of its own.
public struct StageFlow: Sendable, Equatable {
  /// For each stage the part of the model that it holds. Two copies of a part share its measurements; each microbatch
  /// runs through one of them.
  public let partOfStage: [Int]
  /// For each part the part that takes its output; nil for the last one.
  public let nextPart: [Int?]
  /// For each part those whose outputs it takes, rising.
  public let previousParts: [[Int]]

  /// Parts of the model; at most as many as stages.
  public var partCount: Int { nextPart.count }
  public var stageCount: Int { partOfStage.count }

  /// Each stage feeds the next one.
  public static func chain(stageCount: Int) -> StageFlow {
    StageFlow(partOfStage: Array(0..<stageCount), nextPart: Self.chained(0..<stageCount, into: nil))
  }

  /// Encoders that feed one decoder: the first encoder's stages, the next one's, ..., the decoder's.
  ///
  /// - Parameters:
  ///   - encoderStages: How many stages each encoder has, in all fewer than there are.
  public static func encoders(_ encoderStages: [Int], stageCount: Int) -> StageFlow {
    let decoder = encoderStages.reduce(0, +)
    precondition(decoder < stageCount && encoderStages.allSatisfy { $0 > 0 })
    var next: [Int?] = []
    for count in encoderStages { next += chained(next.count..<(next.count + count), into: decoder) }
    next += chained(decoder..<stageCount, into: nil)
    return StageFlow(partOfStage: Array(0..<stageCount), nextPart: next)
  }

  /// Two copies of a chain, as DualPipe has them: stage s and stage `partCount + s` hold part s.
  static func twoChains(partCount: Int) -> StageFlow {
    StageFlow(
      partOfStage: Array(0..<partCount) + Array(0..<partCount), nextPart: chained(0..<partCount, into: nil))
  }

  private init(partOfStage: [Int], nextPart: [Int?]) {
    self.partOfStage = partOfStage
    self.nextPart = nextPart
    var previous = [[Int]](repeating: [], count: nextPart.count)
    for (part, next) in nextPart.enumerated() {
      if let next { previous[next].append(part) }
    }
    previousParts = previous
  }

  private static func chained(_ parts: Range<Int>, into last: Int?) -> [Int?] {
    parts.dropFirst().map { $0 } + (parts.isEmpty ? [] : [last])
  }

  /// Whether each stage is a part of its own and feeds the next one.
  public var isChain: Bool { self == .chain(stageCount: stageCount) }

  /// How many parts a part's output still passes, itself not counted; 0 for the last one.
  func distanceToEnd(ofPart part: Int) -> Int {
    var (distance, part) = (0, part)
    while let next = nextPart[part] { (distance, part) = (distance + 1, next) }
    return distance
  }
}
