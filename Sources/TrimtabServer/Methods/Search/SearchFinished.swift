package import JSON
internal import JSONRPC
internal import ModelSelection
package import Sessions

/// `search/finished`: a search asks for no more trials.
extension SearchEnding: Notification {
  package static let name = "search/finished"
  package static let purpose =
    """
    Says that a search asks for no more trials. A larger budget, other rules or more candidates may let it go on, and \
    then it finishes again. Only for session/watch.
    """

  package static let fields = Fields<SearchEnding> {
    Field("session", "The session.") { $0.session }
    Field.revision { $0.revision }
    Field("finishReason", "Why, as in suggestion/get.") { $0.reason }
  }
}
