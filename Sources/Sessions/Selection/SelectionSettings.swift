package import ModelSelection

/// How a session's search proceeds.
package struct SelectionSettings: Sendable, Equatable {
  /// But for the seed.
  package var search: SearchSettings
  /// Nil for the session's.
  package var seed: UInt64?
  /// GPUs that each trial runs on.
  package var gpusPerTrial: Int
  /// A trial without a report for longer than this, by session time, is lost; nil for never.
  package var leaseSeconds: Double?
  /// What every start of a trial takes beside what the candidate's parts add; nil where that is not known.
  package var startSeconds: Double?

  package init(
    search: SearchSettings = SearchSettings(), seed: UInt64? = nil, gpusPerTrial: Int = 1, leaseSeconds: Double? = nil,
    startSeconds: Double? = nil
  ) {
    self.search = search
    self.seed = seed
    self.gpusPerTrial = gpusPerTrial
    self.leaseSeconds = leaseSeconds
    self.startSeconds = startSeconds
  }
}
