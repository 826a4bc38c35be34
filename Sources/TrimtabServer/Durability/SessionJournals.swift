internal import Basics
package import JSONRPC
internal import Journal
internal import Sessions

/// The journals of the open sessions. Everything here happens on the loop but the commits.
package final class SessionJournals {
  /// What a commit or a compaction came to, on its way from the committer's thread to the loop.
  package struct Report: Sendable {
    enum Outcome: Sendable {
      case committed(CommitOutcome)
      /// The records so far take this many bytes now.
      case compacted(byteCount: Int)
      case notCompacted(JournalError)
    }

    let file: JournalFile
    let outcome: Outcome
  }

  /// A journal that is being written to. Its records are tickets of its session's lane.
  private struct Track {
    let file: JournalFile
    /// Added to the number of a record to make it a ticket; those of an earlier journal of the lane are lower.
    let firstTicket: Int
    var lastRecord: Int
    var size: Size
    var isCompacting = false
  }

  /// Bytes of a journal.
  struct Size {
    /// Of what the last compaction wrote, and of the records since.
    var compacted = 0
    var plain = 0

    /// Whether compaction is due, where fewer bytes than `least` are not worth it. Waiting until as much is new as the
    /// last one left keeps the cost of all compactions proportional to what is appended.
    func isLarge(least: Int) -> Bool { plain > max(least, compacted) }
  }

  let directory: StateDirectory
  /// Carries the outcomes of commits.
  package let mailbox = Mailbox<Report>()
  private let committer: Committer
  private let thread: CommitThread?
  private let leastPlainByteCount: Int
  private var tracks: [ObjectIdentifier: Track] = [:]
  /// The journal of each open session.
  private var files: [ExactString: JournalFile] = [:]
  private var lastTickets: [ExactString: Int] = [:]
  /// Sessions whose journals were given up.
  private var failures: [ExactString: StorageError] = [:]

  /// - Parameters:
  ///   - leastPlainByteCount: a journal with fewer new bytes than this is not compacted.
  ///   - thread: waits for ``startCommits()``.
  ///   - start: as ``Committer`` has it.
  init(
    _ directory: StateDirectory, leastPlainByteCount: Int, thread: CommitThread?, start: @escaping Committer.Start
  ) {
    (self.directory, self.leastPlainByteCount, self.thread) = (directory, leastPlainByteCount, thread)
    let mailbox = mailbox
    committer = Committer(
      start: start, report: { mailbox.post(Report(file: $0, outcome: .committed($1))) })
  }

  /// Why a session cannot be used before it is opened again; nil where it can.
  func failure(of session: ExactString) -> RequestError? {
    failures[session].map { RequestError(storageFailed: $0) }
  }

  /// Why a session can only be read; nil where it can be changed.
  private(set) var readOnly: [ExactString: RequestError] = [:]

  /// Has a session only be read until the process ends, since its journal cannot be applied as a whole.
  func attachReadOnly(_ session: ExactString, _ reason: RequestError) {
    failures[session] = nil
    readOnly[session] = reason
  }

  /// Whether a session that is not open has a journal to be recovered from.
  func isStored(_ session: ExactString) -> Bool {
    files[session] == nil && readOnly[session] == nil && directory.contains(session)
  }

  /// Sessions that are not open and have a journal.
  var storedNames: [String] { directory.storedNames.filter { files[$0] == nil && readOnly[$0] == nil }.map(\.text) }

  /// Begins the journal of a session that has none.
  func begin(_ session: ExactString) { attach(directory.makeJournal(for: session), to: session) }

  /// Takes over the journal that a session was recovered from.
  func attach(_ file: JournalFile, to session: ExactString, size: Size = Size()) {
    failures[session] = nil
    files[session] = file
    tracks[ObjectIdentifier(file)] = Track(
      file: file, firstTicket: lastTickets[session] ?? 0, lastRecord: file.lastRecord, size: size)
  }

  /// Adds a record. What is sent about the session from now on waits until it is durable.
  func append(_ record: [UInt8], of session: ExactString, _ tickets: LaneTickets) {
    guard let file = files[session] else { preconditionFailure("an open session has a journal") }
    wait(for: committer.append(record, to: file), record.count, in: file, tickets)
  }

  /// Adds the record that ends a session, and puts its journal aside.
  func end(_ session: ExactString, _ record: [UInt8], _ tickets: LaneTickets) {
    guard let file = files.removeValue(forKey: session) else { return }
    let number = committer.end(file, with: record, movingTo: directory.closedPath(for: session))
    wait(for: number, record.count, in: file, tickets)
  }

  /// Has what is sent about the session from now on wait for a record.
  private func wait(for number: Int, _ byteCount: Int, in file: JournalFile, _ tickets: LaneTickets) {
    let session = file.name
    let ticket = (tracks[ObjectIdentifier(file)]?.firstTicket ?? 0) + number
    tracks[ObjectIdentifier(file)]?.lastRecord = number
    tracks[ObjectIdentifier(file)]?.size.plain += byteCount
    lastTickets[session] = ticket
    tickets.give(ticket, in: session)
  }

  /// Puts aside the journal of a session that was found closed.
  func putAside(_ file: JournalFile, of session: ExactString) {
    committer.move(file, to: directory.closedPath(for: session))
  }

  /// Handles the outcome of a commit, which messages of `peers` may wait for.
  ///
  /// - Returns: the session that can no longer be used because of it.
  func handle(_ report: Report, _ peers: [Peer]) -> ExactString? {
    let id = ObjectIdentifier(report.file)
    guard let track = tracks[id] else { return nil }
    let session = report.file.name
    switch report.outcome {
    case .compacted(let byteCount):
      tracks[id]?.isCompacting = false
      // What was appended meanwhile counts as compacted, which a later compaction makes up for.
      tracks[id]?.size = Size(compacted: byteCount)
      return nil
    case .notCompacted:
      tracks[id]?.isCompacting = false
      // Tried again once there is twice as much.
      tracks[id]?.size = Size(compacted: track.size.compacted + track.size.plain)
      return nil
    case .committed(.durable(let last)):
      if files[session] !== report.file, last == track.lastRecord { tracks[id] = nil }
      for peer in peers { peer.reachTicket(track.firstTicket + last, in: session) }
      return nil
    case .committed(.failed(let error)):
      tracks[id] = nil
      let isOpen = files[session] === report.file
      if isOpen {
        files[session] = nil
        failures[session] = error
        directory.forgetUnlessMade(report.file)
      } else {
        // Its end is what could not be kept, so there is something to open again.
        directory.keep(report.file)
      }
      for peer in peers { peer.abandonTickets(in: session, RPCError(RequestError(storageFailed: error))) }
      return isOpen ? session : nil
    }
  }

  /// The journal of a session, where it has grown so that it is to be compacted; the caller does that and calls
  /// ``replace(_:by:)`` or ``leave(_:_:)``.
  func beginCompaction(of session: ExactString) -> JournalFile? {
    guard let file = files[session], let track = tracks[ObjectIdentifier(file)],
      track.size.isLarge(least: leastPlainByteCount), !track.isCompacting
    else { return nil }
    tracks[ObjectIdentifier(file)]?.isCompacting = true
    return file
  }

  /// Has a compacted file take the place of a journal's, after the commits that wait.
  func replace(_ file: JournalFile, by compacted: CompactedFile) {
    committer.replace(file, by: compacted) { [mailbox] error in
      mailbox.post(
        Report(
          file: file, outcome: error.map { .notCompacted(.storage($0)) } ?? .compacted(byteCount: compacted.byteCount)))
    }
  }

  /// Leaves a journal as it is, since it could not be compacted.
  func leave(_ file: JournalFile, _ error: JournalError) {
    mailbox.post(Report(file: file, outcome: .notCompacted(error)))
  }

  /// Has the thread begin that makes the commits; false where it has nothing to do, or is at it.
  func startCommits() -> Bool { thread?.wake() ?? false }

  /// Waits until everything that was appended is durable, or has failed.
  package func finish() { committer.finish() }
}
