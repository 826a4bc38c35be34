// What a caller that keeps books beside the search asks of single trials and candidates.
extension Search {
  /// Whether this step of the trial has been reported; false for a trial that was never assigned. O(log reports).
  public func isReported(step: Int, of trial: Int) -> Bool {
    guard trials.indices.contains(trial) else { return false }
    let place = trials[trial].place(of: step)
    return place < trials[trial].reports.count && trials[trial].reports[place].step == step
  }

  /// Whether the candidate has been given up: it diverged, or failed too often.
  public func isGivenUp(_ candidate: Int) -> Bool { states[candidate].isGivenUp }
}
