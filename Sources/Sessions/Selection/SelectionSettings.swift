package import ModelSelection

/// How a session's search proceeds.
package struct SelectionSettings: Sendable, Equatable {
  /// But for the seed.
  package var search: SearchSettings
  /// Nil for the session's.
  package var seed: UInt64?
  /// GPUs that each trial runs on.
  package var gpusPerTrial: Int

  package init(search: SearchSettings = SearchSettings(), seed: UInt64? = nil, gpusPerTrial: Int = 1) {
    self.search = search
    self.seed = seed
    self.gpusPerTrial = gpusPerTrial
  }
}
