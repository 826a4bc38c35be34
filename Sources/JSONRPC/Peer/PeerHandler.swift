package import Basics
package import JSON

/// What serves the requests of a connection, always called on the thread that owns the ``Peer``.
package protocol PeerHandler: AnyObject {
  /// Serves a request: answers `call` now, or keeps it and answers later.
  func handle(_ call: Call)
  /// Takes a notification; one that is not known is to be ignored.
  func handle(notification method: ExactString, params: JSON?)
  /// Whether a notification is carried out also where a string of it has half a surrogate pair, which U+FFFD then
  /// stands for. Any other message with one is refused, as two such texts that differ would become the same.
  func takesHalfPairs(in notification: ExactString) -> Bool
  /// Learns that no more messages will come, while calls may still be running.
  func inputEnded()
}

extension PeerHandler {
  package func inputEnded() {}
  package func takesHalfPairs(in notification: ExactString) -> Bool { false }
}
