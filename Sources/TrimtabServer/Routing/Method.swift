package import Basics
package import JSON
package import JSONRPC
package import Sessions

/// One RPC method. Everything about it stands in the one file that bears its name under `Methods/`: its name, purpose,
/// fields with shapes and ranges, permitted refusals, and what it does. Reading, errors, documents and routing follow.
/// Only how many items it handles (``SessionMethod/itemCount(_:in:)``) stands in `ItemCounts.swift`, beside the others.
package protocol Method: Sendable {
  associatedtype Params: ObjectReadable
  associatedtype Answer: DeclaredObject
  /// As it stands on the wire.
  static var name: String { get }
  /// What it is for, in a sentence or two.
  static var purpose: String { get }
  /// Why it may refuse a request that is well formed.
  static var refusals: [RequestError.Kind] { get }
}

/// Params that name the session they are for.
package protocol SessionScoped: ObjectReadable {
  var session: String { get }
}

/// A method about one session that is short: it runs on the loop, unless its items are many.
package protocol SessionMethod: Method where Params: SessionScoped {
  /// About how many items a request handles or names in its answer, beyond what its params hold: instructions of a
  /// schedule, rows of a profile, GPUs of a list. Above ``Limits/itemsOnLoop`` it runs beside the loop. Constant time.
  static func itemCount(_ params: JSONObject, in session: SessionState) -> Int
}

extension SessionMethod {
  package static func itemCount(_ params: JSONObject, in session: SessionState) -> Int { 0 }
}

/// A method that reads one session and changes nothing.
package protocol SessionQuery: SessionMethod {
  static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer
}

/// A method that changes one session by a pure step: (state, params) -> (state, answer, events).
///
/// The caller applies it to a copy and keeps the copy only when the step does not throw, so a refused request changes
/// nothing. `session.revision` already counts the step.
package protocol SessionStep: SessionMethod {
  /// Replaces references to the outside, such as files, by what they hold; what is left determines the step.
  static func resolve(_ params: Params, _ files: FileAccess) throws(RequestError) -> Params
  static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  /// The param that names a file; nil for most methods.
  static var fileField: String? { get }
  /// What a journal keeps of files that resolved params were read from.
  static func recordedFile(_ resolved: Params) -> RecordedFile?
  /// A param that the request left out, with what the session takes for it because of its state: a journal keeps it,
  /// as another version may take something else.
  static func unsaidParam(_ params: Params, in session: SessionState) -> JSONObject.Member?
  /// Resolves params that a journal kept.
  ///
  /// - Throws: ``RequestError`` where a file is no longer what it was.
  static func resolve(recorded params: Params, _ file: JSON?) throws(RequestError) -> Params
}

extension SessionStep {
  package static var fileField: String? { nil }
  package static func resolve(_ params: Params, _ files: FileAccess) throws(RequestError) -> Params { params }
  package static func recordedFile(_ resolved: Params) -> RecordedFile? { nil }
  package static func unsaidParam(_ params: Params, in session: SessionState) -> JSONObject.Member? { nil }
  package static func resolve(recorded params: Params, _ file: JSON?) throws(RequestError) -> Params {
    try resolve(params, FileAccess(roots: []))
  }
}

/// A file that a param names, as a journal keeps it: by its contents, or by its place and a checksum.
package struct RecordedFile: Sendable {
  /// The param that stands in the place of the one that names the file.
  var contents: (removed: String, member: JSONObject.Member)?
  var check: JSON?
}

/// What a journal keeps of a request beside its params.
struct RecordAdditions: Sendable {
  var file: RecordedFile?
  var unsaidParam: JSONObject.Member?
}

/// A method that changes one session by a pure step where the session stands: for frequent small changes to much data,
/// where a copy would cost more than the change.
///
/// It throws before its first change, so that here too a refused request changes nothing. `session.revision` already
/// counts the step.
package protocol InPlaceStep: SessionMethod {
  static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  /// The same in a replay, where it is known what the request gave away, and so has to be given again.
  static func apply(
    _ params: Params, giving given: JSON, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer>
  /// What an answer gives away, such as a trial: a replay must give the same. Nil for most methods.
  static func given(by answer: Answer) -> JSON?
}

extension InPlaceStep {
  package static func apply(
    _ params: Params, giving given: JSON, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> { try apply(params, to: &session) }
  package static func given(by answer: Answer) -> JSON? { nil }
}

/// A step that may also come as a notification: then its outcome is pushed instead of answered.
package protocol NotifiableStep: InPlaceStep {
  associatedtype Event: Notification
  /// The notification to push; `params` are as they came, because they may be what is wrong.
  static func event(
    for outcome: Result<Answer, RPCError>, _ params: JSON?, _ unknown: UnknownFields
  ) -> Event
}

/// A method whose work takes long: an immutable snapshot is computed upon beside the loop, and the product then changes
/// the session by a pure step.
package protocol BackgroundStep: Method where Params: SessionScoped {
  associatedtype Product: Sendable
  /// Takes the snapshot; the closure runs on a pool thread and knows nothing but it.
  static func prepare(
    _ params: Params, in session: SessionState
  ) throws(RequestError) -> @Sendable (ProgressHandle) throws(RequestError) -> Product
  /// Applies the product; throws `inputsChanged` when it no longer fits.
  static func finish(
    _ product: Product, _ params: Params, in session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer>
}

/// A method that reads one session and takes long about it; the closure runs on a pool thread and knows nothing but the
/// snapshot that was taken.
package protocol BackgroundQuery: Method where Params: SessionScoped, Answer: Sendable {
  static func prepare(
    _ params: Params, in session: SessionState
  ) throws(RequestError) -> @Sendable (ProgressHandle) throws(RequestError) -> Answer
}

/// A method about the server as a whole, or about the connection.
package protocol ServerMethod: Method {
  static func answer(_ params: Params, for client: ClientConnection) throws(RequestError) -> Answer
}

/// A method whose answer is the same for all requests and large. It is made once, and written beside the loop.
package protocol DocumentMethod: Method where Answer: Sendable {
  static var document: Answer { get }
}

/// A method about all open sessions. Where they are many it works beside the loop, from a snapshot of the store.
package protocol StoreQuery: Method {
  /// - Parameter stored: the sessions of the state directory that are not open; nil without such a directory.
  static func answer(_ params: Params, _ store: SessionStore, stored: [String]?) throws(RequestError) -> Answer
}
