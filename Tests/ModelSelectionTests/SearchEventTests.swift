import ModelSelection
import Testing

@Suite struct SearchEventTests {
  private func search(_ count: Int) throws -> Search {
    let candidates = (0..<count).map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) }
    var settings = SearchSettings()
    settings.strategy = .grid
    return try Search(pool: Pool(unclustered: candidates), settings: settings)
  }

  @Test func gridTrainsEveryCandidateAndSuggestsTheBest() throws {
    var search = try search(3)
    for error in [2.0, 1.0, 3.0] {
      guard case .assigned(let work) = search.nextTrial() else { throw Missing() }
      #expect(try search.record(Report(step: 0, dataFraction: 1, error: error), of: work.trial) == .stop(.completed))
    }
    #expect(search.nextTrial() == .none(.finished(.planComplete)))
    #expect(search.suggestion()?.prediction.candidate == 1)
  }

  @Test func aRepeatedReportIsAnsweredTheSame() throws {
    var search = try search(1)
    guard case .assigned(let work) = search.nextTrial() else { throw Missing() }
    let report = Report(step: 1, dataFraction: 1, error: 2)
    let first = try search.record(report, of: work.trial)
    #expect(try search.record(report, of: work.trial) == first)
    #expect(throws: SelectionError.conflictingReport(trial: work.trial, step: 1)) {
      try search.record(Report(step: 1, dataFraction: 1, error: 3), of: work.trial)
    }
    #expect(throws: SelectionError.trialClosed(work.trial, outcome: .stopped(.completed))) {
      try search.record(Report(step: 2, dataFraction: 1, error: 2), of: work.trial)
    }
  }

  struct Missing: Error {}
}
