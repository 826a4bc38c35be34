/// A descriptor that an ``EventLoop`` watches for its owner.
package protocol LoopSource: AnyObject {
  var descriptor: Int32 { get }
  /// What to wait for: `POLLIN`, `POLLOUT`, both or none.
  var events: Int16 { get }
  /// Takes what `poll` found; called on the loop's thread.
  func ready(_ events: Int16)
  /// Writes what has been given to write; called before the loop waits.
  func flush()
  /// Calls nothing back from now on: no loop watches it any more, and what it would call may be gone.
  func removed()
}

extension LoopSource {
  package func removed() {}
}
