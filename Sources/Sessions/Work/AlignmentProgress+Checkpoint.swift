package import EnergyFrontier
package import Representations

extension AlignmentProgress {
  /// As a computation on the pool is asked to stop and tells its progress.
  package init(_ checkpoint: Checkpoint) {
    self.init(isCancelled: checkpoint.isCancelled, report: checkpoint.report)
  }
}
