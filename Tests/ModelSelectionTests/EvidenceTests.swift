import Basics
import Testing

@testable import ModelSelection

/// What is known from elsewhere: its weight is learned, and without it nothing changes.
@Suite struct EvidenceTests {
  /// Figures that correlate with final errors as much as asked, greater being better.
  private func values(of zoo: StrategyTests.Zoo, correlation: Double, seed: UInt64) -> [Double?] {
    var generator = CandidateOrder(seed: seed)
    let order = zoo.finalErrors.indices.sorted { zoo.finalErrors[$0] < zoo.finalErrors[$1] }
    let noise = generator.order(order.count)
    var values = [Double?](repeating: nil, count: order.count)
    for (rank, candidate) in order.enumerated() {
      let share = (Double(rank) + 0.5) / Double(order.count)
      let other = (Double(noise[rank]) + 0.5) / Double(order.count)
      let rest = (1 - correlation * correlation).squareRoot()
      values[candidate] =
        -correlation * PortableMath.normalQuantile(share) - rest * PortableMath.normalQuantile(other)
    }
    return values
  }

  /// Trains every candidate to 1/16 in three rungs.
  private func begun(_ zoo: StrategyTests.Zoo, _ sources: [EvidenceSource]) throws -> Search {
    var search = try Search(pool: zoo.pool, settings: SearchSettings())
    search.setEvidence(sources)
    while case .assigned(let work) = search.nextTrial(), work.toFraction <= 1 / 16 {
      _ = try search.record(
        Report(step: 0, dataFraction: work.toFraction, error: zoo.error(work.candidate, at: work.toFraction)),
        of: work.trial)
    }
    return search
  }

  @Test func usefulEvidenceIsBelievedAndShuffledEvidenceIsNot() throws {
    var (useful, useless) = (0.0, 0.0)
    for seed in 0..<8 as Range<UInt64> {
      let zoo = try StrategyTests.Zoo(seed: seed)
      for correlation in [0.9, 0] {
        let source = EvidenceSource(
          kind: .relatedTask, values: values(of: zoo, correlation: correlation, seed: seed))
        let weight = try #require(try begun(zoo, [source]).evidenceWeight)
        if correlation > 0 {
          #expect(weight.probability > 0.9 && weight.correlation > 0.6, "seed \(seed): \(weight)")
          useful += weight.correlation
        } else {
          #expect(weight.correlation < 0.45, "seed \(seed): \(weight)")
          useless += weight.correlation
        }
      }
    }
    #expect(useless < 0.3 * useful)
  }

  /// A source that disagrees with two others that agree gets less weight before any trial.
  @Test func aSourceThatDisagreesCountsLess() throws {
    let (one, other) = ((0..<20).map { Double?(Double($0)) }, (0..<20).map { Double?(Double(($0 * 7) % 20)) })
    let alone = try #require(PriorEvidence([EvidenceSource(kind: .relatedTask, values: one)], candidateCount: 20))
    let mixed = try #require(
      PriorEvidence(
        [one, one, other].map { EvidenceSource(kind: .relatedTask, values: $0) }, candidateCount: 20))
    #expect(alone.order == Array((0..<20).reversed()))
    // Of neighbours in the first the second may swap a few, but not far.
    for (place, candidate) in mixed.order.enumerated() { #expect(abs(place - (19 - candidate)) <= 4) }
  }

  /// Other tasks share what the models' figures explain, and each has luck of its own: the law takes the luck out.
  @Test func figuresOfModelsForetellScores() throws {
    var (byLaw, byScores) = (0.0, 0.0)
    for seed in 0..<20 as Range<UInt64> {
      var draw = SplitMix64(seed: seed)
      func normal() -> Double { PortableMath.normalQuantile(0.0005 + 0.999 * draw.unitFraction()) }
      let (one, other) = ((0..<16).map { _ in normal() }, (0..<16).map { _ in normal() })
      let truth = zip(one, other).map { $0 + 0.7 * $1 - 0.4 * $0 * $0 + 0.3 * $0 * $1 }
      let scores = (0..<2).map { _ in
        EvidenceSource(kind: .relatedTask, values: truth.map { $0 + 0.6 * normal() })
      }
      let sides = [one, other].map { EvidenceSource(kind: .side, values: $0.map { $0 }) }
      let lawful = try #require(EvidenceIndex(scores + sides, candidateCount: 16)).together
      let plain = try #require(EvidenceIndex(scores, candidateCount: 16)).together
      byLaw -= correlation(lawful, truth)
      byScores -= correlation(plain, truth)
    }
    #expect(byLaw / 20 > byScores / 20 + 0.02, "\(byLaw / 20) by the law, \(byScores / 20) by scores")
  }

  /// Figures that say nothing of scores do not spoil them.
  @Test func figuresThatSayNothingDoNoHarm() throws {
    var (byLaw, byScores) = (0.0, 0.0)
    for seed in 0..<20 as Range<UInt64> {
      var draw = SplitMix64(seed: 100 + seed)
      func normal() -> Double { PortableMath.normalQuantile(0.0005 + 0.999 * draw.unitFraction()) }
      let truth = (0..<16).map { _ in normal() }
      let scores = (0..<3).map { _ in
        EvidenceSource(kind: .relatedTask, values: truth.map { $0 + 0.3 * normal() })
      }
      let sides = (0..<2).map { _ in EvidenceSource(kind: .side, values: truth.map { _ in normal() }) }
      byLaw -= correlation(try #require(EvidenceIndex(scores + sides, candidateCount: 16)).together, truth)
      byScores -= correlation(try #require(EvidenceIndex(scores, candidateCount: 16)).together, truth)
    }
    #expect(byLaw / 20 > byScores / 20 - 0.05, "\(byLaw / 20) by the law, \(byScores / 20) by scores")
  }

  /// An encoder without scores is placed by its figures.
  @Test func theLawPlacesWhatHasNoScore() throws {
    let figures = (0..<12).map { Double($0) / 4 }
    var scores: [Double?] = figures.map { 3 * $0 - $0 * $0 / 4 }
    scores[11] = nil
    let index = try #require(
      EvidenceIndex(
        [
          EvidenceSource(kind: .sameTask, values: scores), EvidenceSource(kind: .side, values: figures.map { $0 }),
        ], candidateCount: 12)
    ).together
    let (last, before) = (try #require(index[11]), try #require(index[10]))
    #expect(last < before, "greater scores are less in the index")
  }

  @Test func oneWildValueDoesNotHideTheOthers() throws {
    var values = (0..<20).map { Double?(Double($0)) }
    values[0] = -1e9
    let index = try #require(
      EvidenceIndex([EvidenceSource(kind: .sameTask, values: values)], candidateCount: 20)
    ).sources[0].compactMap { $0 }
    #expect(index[1] - index[19] > 2)
  }

  private func correlation(_ one: [Double?], _ other: [Double]) -> Double {
    let pairs = zip(one, other).compactMap { x, y in x.map { ($0, y) } }
    let count = Double(pairs.count)
    let (x, y) = (pairs.reduce(0) { $0 + $1.0 } / count, pairs.reduce(0) { $0 + $1.1 } / count)
    let product = pairs.reduce(0) { $0 + ($1.0 - x) * ($1.1 - y) }
    let squares = pairs.reduce((0.0, 0.0)) { ($0.0 + ($1.0 - x) * ($1.0 - x), $0.1 + ($1.1 - y) * ($1.1 - y)) }
    return product / (squares.0 * squares.1).squareRoot()
  }

  /// Evidence moves a belief both ways alike, narrows a vague one, and leaves what was seen.
  @Test func evidenceIsAFurtherObservation() throws {
    let values = (0..<40).map { Double?(Double($0)) }
    let evidence = try #require(
      PriorEvidence([EvidenceSource(kind: .sameTask, values: values)], candidateCount: 40))
    for deviation in [1e-9, 0.01, 0.3, 3] {
      let final = FinalError(mean: 0, deviation: deviation, commonDeviation: 0.1)
      let (best, worst) = (evidence.combined(39, final), evidence.combined(0, final))
      #expect(best.mean <= final.mean && worst.mean >= final.mean)
      #expect(best.commonDeviation == 0.1)
      if deviation == 3 { #expect(best.deviation < 2 && worst.deviation < 2) }
      #expect(abs(best.mean + worst.mean - 2 * final.mean) < 1e-9)
      if deviation == 1e-9 { #expect(best == final) }
    }
  }

  @Test func withoutEvidenceNothingChanges() throws {
    let zoo = try StrategyTests.Zoo(seed: 3)
    let equal = EvidenceSource(kind: .side, values: zoo.finalErrors.map { _ in 1 })
    let unknown = EvidenceSource(kind: .side, values: [])
    let (plain, told) = (try begun(zoo, []), try begun(zoo, [equal, unknown]))
    #expect(told.evidenceWeight == nil)
    #expect(plain.ranking() == told.ranking())
    var withdrawn = try begun(zoo, [EvidenceSource(kind: .side, values: values(of: zoo, correlation: 0.9, seed: 1))])
    withdrawn.setEvidence([])
    #expect(Set(withdrawn.ranking().prefix(3).map(\.candidate)) == Set(plain.ranking().prefix(3).map(\.candidate)))
  }

  @Test func beforeTrialsThereAreChancesAndAnOrder() throws {
    let zoo = try StrategyTests.Zoo(seed: 5)
    var search = try Search(pool: zoo.pool, settings: SearchSettings())
    search.setEvidence([EvidenceSource(kind: .sameTask, values: zoo.finalErrors.map { -$0 })])
    let ranking = search.ranking()
    let best = zoo.finalErrors.indices.min { zoo.finalErrors[$0] < zoo.finalErrors[$1] }
    #expect(ranking.first?.candidate == best && search.suggestion() == nil)
    #expect(ranking.allSatisfy { !$0.predictedError.isFinite })
    let chances = ranking.map(\.probabilityBestFraction)
    #expect(chances == chances.sorted(by: >) || chances[0] == chances.max())
    #expect(abs(chances.reduce(0, +) - 1) < 1e-9)
    guard case .assigned(let first) = search.nextTrial() else { throw CostLedgerTests.Missing() }
    #expect(first.candidate == best)
    // Candidates that join later are unknown to the sources.
    try search.add([Candidate(encoder: 9, languageModel: 9, costWeight: 1)], clusterIndices: [0])
    #expect(search.ranking().count == ranking.count + 1)
  }
}
