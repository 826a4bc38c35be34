import Testing

@testable import ModelSelection

/// What a search counts as spent.
@Suite struct CostLedgerTests {
  /// Work without GPU-seconds counts at the rate of the work with them: shares of data and GPU-seconds are never added.
  @Test func workOfALostTrialWithoutFiguresCountsInGPUSeconds() throws {
    let candidates = (0..<2).map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) }
    let pool = try Pool(
      candidates: candidates, clusters: [Cluster(members: [0, 1], medoid: 0)], hasRelativeCosts: true)
    var search = try Search(pool: pool, settings: SearchSettings(strategy: .grid))
    guard case .assigned(let lost) = search.nextTrial(), case .assigned(let metered) = search.nextTrial() else {
      throw Missing()
    }
    _ = try search.record(Report(step: 1, dataFraction: 0.01, error: 2), of: lost.trial)
    try search.end(lost.trial, as: .lost)
    #expect(search.spending.gpuSeconds == 0.01)
    _ = try search.record(Report(step: 1, dataFraction: 0.02, error: 2, gpuSeconds: 100), of: metered.trial)
    // 100 for 2 % of one candidate's data, so 50 for 1 % of the other's, which weighs the same.
    #expect(abs(search.spending.gpuSeconds - 150) < 1e-9)
    #expect(abs(search.gridGPUSeconds - 10_000) < 1e-9)
  }

  struct Missing: Error {}
}
