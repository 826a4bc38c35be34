package import Basics
package import JSON

/// What serves the requests of a connection, always called on the thread that owns the ``Peer``.
package protocol PeerHandler: AnyObject {
  /// Serves a request: answers `call` now, or keeps it and answers later.
  func handle(_ call: Call)
  /// Takes a notification; one that is not known is to be ignored.
  func handle(notification method: ExactString, params: JSON?)
  /// Learns that no more messages will come, while calls may still be running.
  func inputEnded()
}

extension PeerHandler {
  package func inputEnded() {}
}
