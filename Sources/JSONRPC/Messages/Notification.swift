package import JSON

/// A message that the server sends without having been asked: its params are the declared fields.
package protocol Notification: AnswerObject, Sendable {
  /// As it stands on the wire.
  static var name: String { get }
  /// What it is for, in a sentence or two.
  static var purpose: String { get }
}

/// A request that the server sends to its client: its params are the declared fields.
package protocol ServerRequest: AnswerObject, Sendable {
  /// As it stands on the wire.
  static var name: String { get }
  /// What it is for, and what the client answers, in a sentence or two.
  static var purpose: String { get }
}

/// Says how far a long request has come.
package struct WorkDoneProgress: Notification {
  package static let name = "$/progress"
  package static let purpose =
    """
    Says how far a request with a `workDoneToken` has come: `begin`, then any number of `report`, then `end`, all \
    before the answer. Reports are left out while the client is slow to read.
    """

  package enum Kind: String, CaseIterable, Sendable, FieldValue {
    case begin, report, end
  }

  /// One report of progress.
  package struct Value: AnswerObject, Sendable {
    package var kind: Kind
    package var title: String?
    package var cancellable: Bool?
    package var percentage: Int?
    package var message: String?

    package static let fields = Fields<Value> {
      Field("kind", "Which of the three it is.") { $0.kind }
      Field("title", "What is being done; only with `begin`.") { $0.title }
      Field("cancellable", "Whether the client may cancel the request; only with `begin`.") { $0.cancellable }
      Field("percentage", "How much is done, from 0 to 100; rises.") { $0.percentage }
      Field("message", "What is being done now.") { $0.message }
    }
  }

  package var token: RequestID
  package var value: Value

  package static let fields = Fields<WorkDoneProgress> {
    Field("token", "The request's `workDoneToken`.") { $0.token }
    Field("value", "How far it has come.") { $0.value }
  }
}

/// Tells the client of the server's traffic, for debugging.
package struct LogTrace: Notification {
  package static let name = "$/logTrace"
  package static let purpose =
    "Tells of each request that came and each answer that goes, after `$/setTrace` with `messages` or `verbose`."

  let message: String
  let verbose: String?

  package static let fields = Fields<LogTrace> {
    Field("message", "What came or goes.") { $0.message }
    Field("verbose", "The first part of the message itself; only with `verbose`.") { $0.verbose }
  }
}
