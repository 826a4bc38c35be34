/// Tells the client how far one call has come, with `$/progress` notifications.
///
/// The order is begin, reports, end, and all of it before the answer; an open progress ends by itself when the call is
/// answered. Begin and reports are left out while the client is slow to read; an end is sent if the begin was.
package final class ProgressReporter {
  private let token: RequestID?
  private var peer: Peer?
  private var title: String?
  private var hasBegun = false
  private var percentage = -1

  init(token: RequestID?, peer: Peer?) {
    self.token = token
    self.peer = token == nil ? nil : peer
  }

  /// True if the client asked for progress and the call is not answered.
  package var isOpen: Bool { peer != nil }

  /// Starts the progress; `percentage` in 0...100 if the end is in sight.
  package func begin(title: String, percentage: Int? = nil) {
    guard self.title == nil else { return }
    self.title = title
    sendBegin(percentage)
  }

  /// Reports a percentage in 0...100; sends nothing unless it is higher than the last.
  package func report(percentage: Int, message: String? = nil) {
    let percentage = min(max(percentage, 0), 100)
    guard percentage > self.percentage, title != nil else { return }
    // A begin that was left out is made up for, so that reports never come without one.
    guard hasBegun else { return sendBegin(percentage) }
    guard let peer, peer.hasRoomForProgress else { return }
    self.percentage = percentage
    send(.init(kind: .report, percentage: percentage, message: message ?? "\(percentage) % done"))
  }

  /// Ends the progress; nothing more is sent.
  package func end(message: String? = nil) {
    if hasBegun { send(.init(kind: .end, message: message)) }
    peer = nil
  }

  private func sendBegin(_ percentage: Int?) {
    guard let peer, peer.hasRoomForProgress, let title else { return }
    hasBegun = true
    if let percentage { self.percentage = min(max(percentage, 0), 100) }
    send(.init(kind: .begin, title: title, cancellable: true, percentage: percentage.map { _ in self.percentage }))
  }

  private func send(_ value: WorkDoneProgress.Value) {
    guard let peer, let token else { return }
    peer.notify(WorkDoneProgress(token: token, value: value))
  }
}
