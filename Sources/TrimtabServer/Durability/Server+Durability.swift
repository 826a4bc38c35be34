internal import Basics
internal import JSON
internal import JSONRPC
package import Journal
internal import Sessions

// How an accepted change becomes durable before anything leaves that shows it: the change is appended to its session's
// journal on the loop, in the order in which it was applied, and the session's messages wait in their lane until a
// commit has reached the record.
extension Server {
  /// Keeps sessions in a directory from now on.
  ///
  /// - Throws: ``RequestError`` of kind `stateUnavailable`.
  func openStateDirectory(_ path: String, field: String) throws(RequestError) {
    do throws(DirectoryError) {
      keepSessions(
        in: stateOptions.isReadOnly
          ? try StateDirectory(reading: path)
          : try StateDirectory(path, allowsNetwork: stateOptions.allowsNetwork))
    } catch {
      throw RequestError(error, path: field)
    }
  }

  /// Keeps sessions in a directory that is open already.
  ///
  /// - Parameter start: runs the commits; nil runs them on a thread of their own, or without threads at once.
  package func keepSessions(in directory: StateDirectory, commits start: Committer.Start? = nil) {
    let thread = computations.runsBeside ? CommitThread() : nil
    let atOnce: Committer.Start = { _ in false }
    let journals = SessionJournals(
      directory, leastPlainByteCount: stateOptions.leastPlainByteCount, thread: thread,
      start: start ?? thread?.start ?? atOnce)
    self.journals = journals
    sessions.planArchive = DirectoryArchive(directory)
    watchJournals(journals)
    for (path, error) in directory.unreadable {
      notifyAll(LogMessage(level: .error, message: "\(path): \(RequestError(error, session: path).message)"))
    }
  }

  /// What a call about a session, or about all, has to wait for.
  func lane(of route: Route, _ params: JSON?) -> Lane {
    guard journals != nil else { return .none }
    if let name = params?.objectValue?.sessionName { return .about(ExactString(name)) }
    return [SessionList.name, Shutdown.name].contains(route.name) ? .all : .none
  }

  func lane(of session: String) -> Lane { journals == nil ? .none : .about(ExactString(session)) }

  /// Refuses to change a session that can only be read.
  func checkWritable(_ session: String) throws(RequestError) {
    if let journals, !journals.readOnly.isEmpty, let reason = journals.readOnly[ExactString(session)] { throw reason }
  }

  /// Appends an accepted change to its session's journal.
  func record(_ record: @autoclosure () -> ChangeRecord, of session: String) {
    if journals != nil { append(record().bytes, of: session) }
  }

  /// The same, for a record that was written before.
  func append(_ bytes: [UInt8], of session: String) {
    journals?.append(bytes, of: ExactString(session), tickets)
  }

  /// Has the commits begin that the requests so far need; call at the end of a turn of the loop.
  ///
  /// - Returns: whether any began, so that what was asked for is answered by a thread.
  package func startCommits() -> Bool { journals?.startCommits() ?? false }

  /// Handles the outcomes of all commits so far; for a caller without a loop, after each message.
  package func handleCommits() { journals?.mailbox.drain().forEach(handle) }

  /// The record of a request that has just changed its session.
  func change<M: Method>(
    _ method: M.Type, _ json: JSON?, _ session: String, by key: RequestKey?, given: JSON? = nil,
    computedFrom: Int? = nil
  ) -> ChangeRecord {
    ChangeRecord(
      M.name, ChangeRecord.understood(json, by: method), revision: sessions.revisionInPlace(of: session) ?? 0,
      by: key, given: given, computedFrom: computedFrom)
  }

  /// Handles what a commit came to; call on the loop.
  package func handle(_ report: SessionJournals.Report) {
    defer { compact(report.file.name) }
    if case .notCompacted(let error) = report.outcome {
      let (name, reason) = (report.file.name.text, RequestError(error, session: report.file.name.text).message)
      logMessage("session \(Preview.quoted(name)) is not compacted: \(reason)", .warning, about: name)
    }
    guard let session = journals?.handle(report, clients.map(\.peer)) else { return }
    // Memory is ahead of what is durable, and goes back to it when the session is opened again.
    guard let state = try? sessions.close(session.text) else { return }
    computations.cancel(session: session.text)
    computations.release(state)
    if case .committed(.failed(let error)) = report.outcome {
      logMessage(
        "session \(Preview.quoted(session.text)) is closed: \(error.message)", .error, about: session.text)
    }
    release(session.text)
  }

  /// Compacts the journal of a session beside the loop, where it has grown.
  private func compact(_ session: ExactString) {
    guard let journals, let file = journals.beginCompaction(of: session) else { return }
    let storage = journals.directory.storage
    computations.start(nil, session: session.text, title: "compaction", isShort: true) { (_) throws(RequestError) in
      Result { () throws(JournalError) in
        try CompactedFile(of: file, in: storage, rewrite: RecordCompactor.compact)
      }
    } finish: { outcome in
      // Closing the session cancels it, and then its journal stays as it is.
      guard case .success(let compacted) = outcome else { return }
      do throws(JournalError) {
        journals.replace(file, by: try compacted.get())
      } catch {
        journals.leave(file, error)
      }
    }
  }

  /// Serves `session/open`: a new session, an open one, or one that is recovered from its journal.
  func open(
    _ call: Call, for client: ClientConnection, _ params: SessionOpen.Params, _ unknown: UnknownFields
  ) {
    let repeated = call.origin.flatMap { $0.isRepeated ? $0.key : nil }
    let requested = params.session ?? repeated.flatMap(nameOpened)
    if let name = requested, let journals, !sessions.contains(name), journals.isStored(ExactString(name)) {
      // Answered here, not cancelled there: two recoveries of one journal at a time would disturb each other.
      call.progress.begin(title: SessionOpen.name, percentage: 0)
      call.onCancel = { [unowned call] in call.fail(RPCError(RequestError.cancelled)) }
      return recover(name, for: client, journals, call) { [unowned self] outcome in
        guard !call.isAnswered else { return }
        call.onCancel = nil
        do throws(RequestError) {
          guard let state = try outcome.get() else { return open(call, for: client, params, unknown) }
          client.hold(name, at: state.revision)
          let (session, isResumed) = asAnswered(SessionSummary(state), to: repeated)
          call.answer(WarnedAnswer(answer: opened(session, isResumed: isResumed, client), unknown: unknown))
        } catch {
          call.fail(RPCError(error))
        }
      }
    }
    if client.isReadOnly, requested.map({ !sessions.contains($0) }) ?? true {
      return call.fail(RPCError(RequestError.cannotBegin(requested)))
    }
    var (session, isResumed) = sessions.open(
      name: requested, seed: UInt64(params.seed),
      isTaken: { [journals] name in
        journals?.directory.hasUsed(ExactString(name)) ?? false
      })
    if !isResumed, let journals {
      journals.begin(ExactString(session.name))
      let understood = JSONObject(members: [
        .init(key: "session", value: .string(session.name)), .init(key: "seed", value: .integer(Int64(params.seed))),
      ])
      record(ChangeRecord(SessionOpen.name, understood, revision: 0, by: call.origin?.key), of: session.name)
    }
    if !isResumed { histories[ExactString(session.name)] = PushHistory() }
    client.hold(session.name, at: session.revision)
    call.lane = lane(of: session.name)
    if isResumed { (session, isResumed) = asAnswered(session, to: repeated) }
    call.answer(WarnedAnswer(answer: opened(session, isResumed: isResumed, client), unknown: unknown))
  }

  /// A session as session/open answered it, if it is sent again by the request that opened it.
  private func asAnswered(
    _ session: SessionSummary, to key: RequestKey?
  ) -> (session: SessionSummary, isResumed: Bool) {
    guard let key, recordedAnswers[ExactString(session.name)]?.opening == key else { return (session, true) }
    return (SessionSummary(SessionState(name: session.name, seed: 0)), false)
  }

  private func opened(
    _ session: SessionSummary, isResumed: Bool, _ client: ClientConnection
  ) -> SessionOpen.Answer {
    let reason =
      journals?.readOnly[ExactString(session.name)] ?? (client.isReadOnly ? RequestError.readOnlyProcess : nil)
    return SessionOpen.Answer(
      session: session, isResumed: isResumed, durability: durability, readOnlyReason: reason?.message,
      difference: differences[ExactString(session.name)]?.message)
  }

  /// Has a client that an earlier owner served go on in a session, unless that has been closed since.
  func reopen(_ session: HeldSession, for client: ClientConnection) {
    let name = session.name
    recoveries[ExactString(name)]?.clients.append(client)
    whenFree(name) { [unowned self] in
      guard !sessions.contains(name), let journals, journals.isStored(ExactString(name)) else {
        if sessions.contains(name) { resume(client, session) }
        return
      }
      recover(name, for: client, journals) { [unowned self] outcome in
        switch outcome {
        case .success(let state): if state != nil { resume(client, session) }
        case .failure(let error):
          client.logMessage("session \(Preview.quoted(name)) cannot go on: \(error.message)", .error)
        }
      }
    }
  }

  /// Tells those who wait for a session how far its recovery has come, where that takes long.
  private func reportRecovery(of name: String, _ percentage: Int) {
    guard computations.runsBeside, let recovery = recoveries[ExactString(name)],
      monotonicSeconds() - recovery.reported > Recovery.reportedSeconds
    else { return }
    recoveries[ExactString(name)]?.reported = monotonicSeconds()
    for client in recovery.clients {
      client.logMessage("session \(Preview.quoted(name)): recovering, \(percentage) % of its journal is read", .info)
    }
  }

  private func restore(_ state: SessionState, _ recovered: Recovered) {
    _ = sessions.replace(state)
    histories[ExactString(state.name)] = recovered.history
    recordedAnswers[ExactString(state.name)] = recovered.answers
  }

  /// Recovers a session beside the loop, which is occupied until then.
  ///
  /// - Parameters:
  ///   - call: the request that waits for it, if one does.
  ///   - done: is given its state; nil where it had been closed, or was never begun.
  private func recover(
    _ name: String, for client: ClientConnection, _ journals: SessionJournals, _ call: Call? = nil,
    done: @escaping (Result<SessionState?, RequestError>) -> Void
  ) {
    lanes.occupy(name)
    recoveries[ExactString(name)] = Recovery(clients: [client])
    let directory = journals.directory
    computations.start(nil, session: name, title: SessionOpen.name, isShort: true) { (progress) throws(RequestError) in
      try Recovered(name, in: directory, progress)
    } progressed: { [unowned self] percentage in
      call?.progress.report(percentage: percentage)
      reportRecovery(of: name, percentage)
    } finish: { [unowned self] outcome in
      recoveries[ExactString(name)] = nil
      do throws(RequestError) {
        let recovered = try outcome.get()
        if let state = recovered.state, let reason = recovered.stop {
          journals.attachReadOnly(ExactString(name), reason)
          restore(state, recovered)
          if reason.kind != .readOnly {
            client.logMessage("session \(Preview.quoted(name)) can only be read: \(reason.message)", .error)
          }
          done(.success(state))
        } else if let state = recovered.state, let file = recovered.file {
          journals.attach(file, to: ExactString(name), size: recovered.size)
          restore(state, recovered)
          if recovered.tornByteCount > 0 {
            client.logMessage(
              "session \(Preview.quoted(name)): \(recovered.tornByteCount) bytes were cut off that were never acknowledged",
              .warning)
          }
          if let difference = recovered.difference {
            differences[ExactString(name)] = difference
            client.logMessage(
              "session \(Preview.quoted(name)) goes on as it was, which this version would not: \(difference.message)",
              .warning)
          }
          done(.success(state))
          compact(ExactString(name))
          for pipeline in state.pipelines where pipeline.frontierOrigin?.follows ?? false {
            follower.inputsChanged(pipeline.name, of: name, at: self)
          }
        } else {
          if let file = recovered.file {
            journals.putAside(file, of: ExactString(name))
          } else {
            directory.forget(ExactString(name))
          }
          done(.success(nil))
        }
      } catch {
        done(.failure(error))
      }
      freeLane(name)
    }
  }
}

/// A session that is being recovered, for whom, and what they know of it.
struct Recovery {
  /// A recovery that takes longer is reported, in seconds; and again after as long.
  static let reportedSeconds = 0.5

  var clients: [ClientConnection]
  var reported = monotonicSeconds()
}

/// What came of a recovery.
private struct Recovered: Sendable {
  /// Nil where the journal was never begun.
  let file: JournalFile?
  /// Nil where the session had been closed.
  let state: SessionState?
  let tornByteCount: Int
  let size: SessionJournals.Size
  /// Why the session can only be read.
  let stop: RequestError?
  /// What was pushed about it.
  let history: PushHistory
  let answers: RecordedAnswers
  /// Of what this version would have made something else.
  let difference: RequestError?

  init(_ name: String, in directory: StateDirectory, _ progress: ProgressHandle) throws(RequestError) {
    let mark = directory.recoveryMark(for: ExactString(name))
    guard
      let (replay, reader) = try Replay.run(
        name, in: directory, mark: mark, answering: .last, archive: DirectoryArchive(directory), progress: progress)
    else {
      (file, state, tornByteCount, size, stop) = (nil, nil, 0, SessionJournals.Size(), nil)
      (history, answers, difference) = (PushHistory(), RecordedAnswers(), nil)
      return
    }
    (history, answers, difference) = (replay.history, replay.answers, replay.difference)
    let isReadOnly = directory.storage.isReadOnly && !replay.isClosed
    stop = replay.stop ?? (isReadOnly ? RequestError.readOnlyProcess : nil)
    // Where the directory is only read, nothing is mended or put aside.
    if stop != nil || directory.storage.isReadOnly {
      let isClosed = replay.stop == nil && replay.isClosed
      (file, state) = (nil, isClosed ? nil : try replay.store.state(name))
      (tornByteCount, size) = (0, SessionJournals.Size())
      return
    }
    do throws(JournalError) {
      file = try JournalFile(continuing: reader, in: directory.storage)
    } catch {
      throw RequestError(error, session: name)
    }
    size = SessionJournals.Size(compacted: replay.runByteCount, plain: replay.plainByteCount)
    state = replay.isClosed ? nil : try replay.store.state(name)
    if case .torn(let count)? = reader.end { tornByteCount = count } else { tornByteCount = 0 }
  }
}
