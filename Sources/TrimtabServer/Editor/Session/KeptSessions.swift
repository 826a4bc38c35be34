internal import Basics
internal import JSONRPC
internal import Journal
internal import Sessions

/// Sessions that were replayed to be shown, for as long as nothing can have changed them: an objective that is being
/// typed asks about the same session at every keystroke.
final class KeptSessions {
  /// An owner that came and went unnoticed may have changed a session, so it is replayed again after some seconds.
  private static let trustedSeconds = 2.0
  private var kept: [ExactString: (session: KeptSession, replayed: Double)] = [:]

  subscript(name: String) -> KeptSession? {
    get {
      guard let known = kept[ExactString(name)], monotonicSeconds() < known.replayed + Self.trustedSeconds else {
        kept[ExactString(name)] = nil
        return nil
      }
      return known.session
    }
    set { kept[ExactString(name)] = newValue.map { ($0, monotonicSeconds()) } }
  }

  /// Forgets all, because they are served again.
  func forget() { kept = [:] }
}

/// A session that is kept and that no process serves.
struct KeptSession: Sendable {
  /// Nil where there is none of this name.
  let state: SessionState?

  /// Replays the journal. The directory is not changed.
  init(_ name: String, in directory: StateDirectory) throws(RequestError) {
    guard directory.storedNames.contains(ExactString(name)), let (replay, _) = try Replay.run(name, in: directory),
      !replay.isClosed
    else {
      state = nil
      return
    }
    state = try replay.store.state(name)
  }

  /// Of a directory that is not there.
  init() { state = nil }

  func view(_ query: SessionViewQuery, holderCount: Int? = nil) -> WrittenAnswer {
    WrittenAnswer(
      state.map { SessionViewAnswer(query, of: $0, holderCount: holderCount) } ?? SessionViewAnswer())
  }
}
