import Basics
import ModelSelection
import Testing

@testable import Sessions

/// Candidates that no other one beats in every respect.
@Suite struct ParetoSetTests {
  /// Against the definition, over all pairs, with many ties.
  @Test(arguments: 0..<60 as Range<UInt64>) func undominatedIsWhatNoOtherDominates(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let width = 1 + generator.index(below: 4)
    let costs = (0..<30).map { _ in (0..<width).map { _ in Double(generator.index(below: 5)) } }
    let expected = costs.indices.filter { one in
      !costs.contains { other in other != costs[one] && zip(other, costs[one]).allSatisfy { $0 <= $1 } }
    }
    #expect(undominated(costs) == expected)
  }

  private func observed() throws -> SearchFixture {
    var fixture = try SearchFixture(strategy: .grid, encoders: 2, memoryGiB: [8, 16, 60])
    for worker in 0..<6 {
      let trial = try fixture.trial("\(worker)")
      // The larger the language model, the better; the second encoder is worse and needs as much.
      let (encoder, model) = (trial.candidate.encoder == "e0", Double(trial.candidate.languageModel.dropFirst())!)
      try fixture.report(trial.id, fraction: 1, score: 0.5 + 0.1 * model - (encoder ? 0 : 0.2))
    }
    return fixture
  }

  @Test func scoreAgainstMemory() throws {
    let fixture = try observed()
    let set = try fixture.search.paretoSet([.score, .memoryBytes], floor: nil)
    #expect(set.candidates.map(\.ranked.candidate) == [2, 1, 0].map { fixture.name(0, $0) })
    #expect(set.incomparableCount == 0 && set.belowFloorCount == 0)
    // By default all that is stated of every part.
    #expect(try fixture.search.paretoSet(nil, floor: nil).objectives == [.score])
  }

  @Test func aFloorLeavesOutWhatHardlyReachesIt() throws {
    let fixture = try observed()
    let floor = ScoreFloor(score: 0.55, probabilityFraction: 0.9)
    let set = try fixture.search.paretoSet([.score, .memoryBytes], floor: floor)
    #expect(set.candidates.map(\.ranked.candidate) == [2, 1].map { fixture.name(0, $0) })
    #expect(set.candidates.allSatisfy { $0.probabilityAboveFloorFraction! > 0.9 })
    #expect(set.belowFloorCount == 4)
  }
}
