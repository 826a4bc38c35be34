internal import Basics

extension ProgressHandle {
  /// Throws ``FrontierError/cancelled`` when the caller wants the computation to stop.
  package func check() throws(FrontierError) {
    if isCancelled() { throw .cancelled }
  }
}
