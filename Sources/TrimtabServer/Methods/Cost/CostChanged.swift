package import JSON
internal import JSONRPC
package import Sessions

/// `cost/changed`: what a search has spent.
extension CostChange: Notification {
  package static let name = "cost/changed"
  package static let purpose =
    """
    Says what a search has spent: when a trial was given out or ended, and whenever GPU-seconds or joules have grown by \
    a hundredth since the last time. Only for session/watch.
    """

  package static let fields = Fields<CostChange> {
    Field("session", "The session.") { $0.session }
    Field.revision { $0.revision }
    Field("cost", "What the search has taken so far.") {
      SuggestionGet.Cost(spending: $0.spending, openTrialCount: $0.openTrialCount)
    }
  }
}
