import Basics
import Sessions
import Testing

@Suite struct StageSplitTests {
  @Test func noStageCouldBeSmaller() throws {
    var generator = SplitMix64(seed: 7)
    for _ in 0..<300 {
      let parts = (0..<Int.random(in: 1...3, using: &generator)).map { index in
        let layers = Int.random(in: 1...4, using: &generator)
        return (
          role: PoolComponent.Role.allCases[index],
          component: PoolComponent(
            id: "m\(index)", parameterCount: layers * Int.random(in: 1...9, using: &generator), layerCount: layers)
        )
      }
      let weights = parts.flatMap { part in
        Array(
          repeating: Double(part.component.parameterCount!) / Double(part.component.layerCount!),
          count: part.component.layerCount!)
      }
      let stageCount = Int.random(in: 1...4, using: &generator)
      let split = StageSplit(parts, stageCount: stageCount)
      guard weights.count >= stageCount else {
        #expect(split == nil)
        continue
      }
      let found = try #require(split)
      #expect(found.stages.count == stageCount && found.stages.allSatisfy { !$0.isEmpty })
      #expect(abs(found.parameterCounts.max()! - leastMaximum(weights[...], stageCount)) < 1e-9)
      // Every layer once, in order.
      let layers = found.stages.flatMap { $0 }.flatMap { piece in piece.layers.map { "\(piece.component).\($0)" } }
      #expect(
        layers == parts.flatMap { part in (0..<part.component.layerCount!).map { "\(part.component.id).\($0)" } })
    }
  }

  /// By trying every place of the first boundary.
  private func leastMaximum(_ weights: ArraySlice<Double>, _ stageCount: Int) -> Double {
    if stageCount == 1 { return weights.reduce(0, +) }
    return (1...weights.count - stageCount + 1).map { first in
      max(weights.prefix(first).reduce(0, +), leastMaximum(weights.dropFirst(first), stageCount - 1))
    }.min()!
  }
}
