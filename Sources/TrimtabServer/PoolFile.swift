internal import Basics
package import JSON
internal import ModelSelection
internal import Representations
package import Sessions

/// A pool as a JSON file: one object with the fields of the requests that a launcher would send.
///
/// It has the fields of `pool/submit` but for the session, and may have `representations`, a list of objects with the
/// fields of `pool/attachRepresentation`, and `clusters`, an object with those of `pool/clusters`.
package struct PoolFile: ObjectReadable {
  private let submission: PoolSubmission
  /// The settings of the search; the published ones where the file has none.
  package let settings: SelectionSettings
  private let representations: [RepresentationEntry]
  private let comparison: ComparisonSettings

  package init(from reader: inout ObjectReader) throws(InvalidField) {
    let entry = try PoolSubmissionEntry(from: &reader)
    (submission, settings) = (entry.submission, entry.settings ?? SelectionSettings())
    representations = try reader.optional(
      "representations", .list(of: .object(), count: 0...(1 << 20)), default: [],
      "What models make of a sample of the task's data.")
    let comparison: ComparisonSettingsEntry? = try reader.optional(
      "clusters", .object(), "How to compare and cluster them; as published by default.")
    if let comparison {
      self.comparison = comparison.settings
    } else {
      self.comparison = try ComparisonSettingsEntry(reading: nil).settings
    }
  }

  /// The candidates alone. O(combinations).
  ///
  /// - Throws: ``RequestError`` of kind `invalidPool`.
  package func pool() throws(RequestError) -> CandidatePool { try CandidatePool(submission) }

  /// The search that a session has after these requests, before its first trial. Candidates are clustered by
  /// representations where the file names any, else by families.
  ///
  /// - Parameters:
  ///   - settings: the settings to use; they may differ from the file's.
  ///   - files: reads the files of the representations.
  /// - Throws: ``RequestError`` as `pool/submit`, `pool/attachRepresentation` and `pool/clusters` do.
  package func search(
    _ settings: SelectionSettings, _ files: FileAccess, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(RequestError) -> ModelSearch {
    var search = try ModelSearch(submission, settings, seed: 0, gpus: [])
    for (index, entry) in representations.enumerated() {
      do throws(RequestError) {
        try search.attach(try entry.resolved(files))
      } catch {
        var refusal = error
        refusal.path = "representations[\(index)]" + (error.path.isEmpty ? "" : ".\(error.path)")
        throw refusal
      }
    }
    guard !representations.isEmpty else { return search }
    let inputs = search.comparison
    let found = try inputs.clustering(
      comparison, parallel: .threads(), progress: ProgressHandle(report: progress))
    _ = try search.adopt(found, of: inputs, comparison)
    return search
  }
}
