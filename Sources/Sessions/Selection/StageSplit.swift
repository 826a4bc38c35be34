/// How the parts of a candidate may be divided among pipeline stages: whole layers, in order, so that the largest stage
/// is as small as can be.
///
/// What a stage weighs is its parameters, to which a step's work is proportional. A part that does not say how many
/// layers it has is not divided.
package struct StageSplit: Sendable, Equatable {
  /// Some layers of one part.
  package struct Piece: Sendable, Equatable {
    package let role: PoolComponent.Role
    package let component: String
    /// From 0, within the part.
    package let layers: Range<Int>
  }

  package let stages: [[Piece]]
  package let parameterCounts: [Double]

  /// Divides `parts` among `stageCount` stages, none of them empty; nil when there are fewer layers than stages.
  ///
  /// O(layers) times the bits of a double.
  package init?(_ parts: [(role: PoolComponent.Role, component: PoolComponent)], stageCount: Int) {
    let layers = parts.enumerated().flatMap { index, part -> [(part: Int, weight: Double)] in
      let count = part.component.layerCount ?? 1
      return Array(repeating: (index, Double(part.component.parameterCount ?? 0) / Double(count)), count: count)
    }
    guard stageCount >= 1, layers.count >= stageCount else { return nil }
    let weights = layers.map(\.weight)
    var least = weights.max() ?? 0
    var most = weights.reduce(0, +) * (1 + 1e-9)
    var ends = Self.ends(weights, stageCount, within: most) ?? []
    // Halves the interval until no double lies between its ends.
    while true {
      let middle = least + (most - least) / 2
      guard middle > least, middle < most else { break }
      if let better = Self.ends(weights, stageCount, within: middle) {
        (most, ends) = (middle, better)
      } else {
        least = middle
      }
    }
    if let best = Self.ends(weights, stageCount, within: least) { ends = best }

    var firstOfPart = [Int](repeating: 0, count: parts.count)
    for (index, layer) in layers.enumerated().reversed() { firstOfPart[layer.part] = index }
    var (stages, counts, start): ([[Piece]], [Double], Int) = ([], [], 0)
    for end in ends {
      var pieces: [Piece] = []
      for part in Set(layers[start..<end].map(\.part)).sorted() {
        let count = parts[part].component.layerCount ?? 1
        let range = (firstOfPart[part]..<firstOfPart[part] + count).clamped(to: start..<end)
        pieces.append(
          Piece(
            role: parts[part].role, component: parts[part].component.id,
            layers: range.lowerBound - firstOfPart[part]..<range.upperBound - firstOfPart[part]))
      }
      stages.append(pieces)
      counts.append(weights[start..<end].reduce(0, +))
      start = end
    }
    self.stages = stages
    parameterCounts = counts
  }

  /// Where each stage ends when each takes as much as `bound` allows and leaves a layer for every later stage; nil when
  /// the last one would exceed it.
  private static func ends(_ weights: [Double], _ stageCount: Int, within bound: Double) -> [Int]? {
    var (ends, start): ([Int], Int) = ([], 0)
    for stage in 0..<stageCount {
      let last = weights.count - (stageCount - 1 - stage)
      var (end, sum) = (start, 0.0)
      while end < last, end == start || sum + weights[end] <= bound {
        sum += weights[end]
        end += 1
      }
      guard sum <= bound else { return nil }
      ends.append(end)
      start = end
    }
    return start == weights.count ? ends : nil
  }
}
