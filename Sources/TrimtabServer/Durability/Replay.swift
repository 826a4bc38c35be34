internal import Basics
internal import JSON
internal import Journal
internal import Sessions

/// A session as its journal makes it: every record is applied by the step that its request was applied by.
struct Replay: Sendable {
  /// Holds the session alone.
  private(set) var store: SessionStore
  /// What was pushed about the session.
  private(set) var history: PushHistory
  /// What was answered, as far as that is wanted.
  private(set) var answers = RecordedAnswers()
  private let wanted: RecordedAnswers.Wanted
  /// Whether a run is being applied, whose requests are old.
  private var isInRun = false
  /// Records of the whole journal.
  private let totalCount: Int
  /// Whether the last record closed the session.
  private(set) var isClosed = false
  /// Why the session is as of a record before the journal's end, and can only be read; nil where all was applied.
  private(set) var stop: RequestError?
  /// The first request of which this program would have made something else; nil where there is none.
  private(set) var difference: RequestError?
  private let name: String
  /// Records of the journal so far; a run is one.
  private var recordCount = 0
  /// Bytes of those that are runs, and of the others.
  private(set) var (runByteCount, plainByteCount) = (0, 0)
  /// Requests so far; those of a run count one by one, so that compaction changes no number.
  private(set) var requestCount = 0
  /// The last request to apply; nil for all.
  private let limit: Int?
  private let mark: RecoveryMark?
  /// States that products are computed from which were applied later, by revision.
  private var snapshots: [Int: SessionState] = [:]
  /// The revisions of such states, with the number of the last record that needs each.
  private let lastUses: [Int: Int]

  /// Replays the journal of a session. O(records), and what their computations take.
  ///
  /// Where this program would have given out something else, what was given out stays, and reports of trials that have
  /// ended in the meantime are left out; ``difference`` names the first such request. Any other request that it does
  /// not accept ends the replay as of the request before it (``stop``).
  ///
  /// - Parameters:
  ///   - mark: notes which request is being applied, and knows one that must not be.
  ///   - history: takes what was pushed.
  ///   - archive: has plans that need not be searched for again.
  /// - Returns: also the reader, at the journal's end unless the replay stopped; nil where the journal was never begun.
  /// - Throws: ``RequestError`` of kind `journalUnusable` or `storageFailed`.
  static func run(
    _ name: String, in directory: StateDirectory, mark: RecoveryMark? = nil,
    keeping history: PushHistory = PushHistory(), answering wanted: RecordedAnswers.Wanted = .none,
    archive: (any PlanArchive)? = nil, progress: ProgressHandle = ProgressHandle()
  ) throws(RequestError) -> (replay: Replay, reader: JournalReader)? {
    defer { mark?.end() }
    guard let (replay, reader) = try run(name, in: directory, mark, upTo: nil, history, wanted, archive, progress)
    else { return nil }
    guard let stop = replay.stop else { return (replay, reader) }
    // The request has changed the session, or part of it. What was before it takes another replay, without it.
    guard replay.requestCount > 1,
      var (before, _) = try run(
        name, in: directory, mark, upTo: replay.requestCount - 1, history, wanted, archive, progress)
    else { throw stop }
    before.stop = stop
    return (before, reader)
  }

  private static func run(
    _ name: String, in directory: StateDirectory, _ mark: RecoveryMark?, upTo limit: Int?, _ history: PushHistory,
    _ wanted: RecordedAnswers.Wanted, _ archive: (any PlanArchive)?, _ progress: ProgressHandle
  ) throws(RequestError) -> (replay: Replay, reader: JournalReader)? {
    func readable<Value>(_ body: () throws(JournalError) -> Value) throws(RequestError) -> Value {
      do throws(JournalError) { return try body() } catch { throw RequestError(error, session: name) }
    }
    var uses: [Int: Int] = [:]
    var survey = try readable { () throws(JournalError) in try directory.reader(of: ExactString(name)) }
    guard survey.name != nil || survey.end != .whole else { return nil }
    while let bytes = try readable({ () throws(JournalError) in try survey.next() }) {
      guard ChangeRecord.mayBeProduct(bytes), let record = ChangeRecord(bytes), let revision = record.computedFrom,
        revision < record.revision - 1
      else { continue }
      uses[revision] = survey.count
    }
    // Checked before anything is computed.
    if case .damaged(let offset, let record)? = survey.end {
      throw RequestError(.damaged(path: survey.path, offset: offset, record: record), session: name)
    }
    guard survey.count > 0 else { return nil }
    var replay = Replay(name, uses, mark, limit, history, wanted, archive, survey.count)
    var reader = try readable { () throws(JournalError) in try directory.reader(of: ExactString(name)) }
    do throws(RequestError) {
      while !replay.isDone, let bytes = try readable({ () throws(JournalError) in try reader.next() }) {
        try replay.apply(bytes)
        progress.report(Double(replay.recordCount) / Double(replay.totalCount))
      }
    } catch {
      guard error.kind == .journalUnusable else { throw error }
      replay.stop = error
    }
    return (replay, reader)
  }

  private init(
    _ name: String, _ lastUses: [Int: Int], _ mark: RecoveryMark?, _ limit: Int?, _ history: PushHistory,
    _ wanted: RecordedAnswers.Wanted, _ archive: (any PlanArchive)?, _ totalCount: Int
  ) {
    store = SessionStore(planArchive: archive)
    (self.name, self.lastUses, self.mark, self.limit, self.history) = (name, lastUses, mark, limit, history)
    (self.wanted, self.totalCount) = (wanted, totalCount)
  }

  private var isDone: Bool { requestCount == limit }

  private mutating func apply(_ bytes: [UInt8]) throws(RequestError) {
    recordCount += 1
    if RecordRun.isRun(bytes) {
      runByteCount += bytes.count
      isInRun = true
      defer { isInRun = false }
      guard let run = RecordRun(bytes) else { throw unreadable(bytes) }
      for index in 0..<run.count where !isDone { try apply(run[index]) }
    } else {
      plainByteCount += bytes.count
      guard let record = ChangeRecord(bytes) else { throw unreadable(bytes) }
      try apply(record)
    }
  }

  private mutating func apply(_ record: ChangeRecord) throws(RequestError) {
    requestCount += 1
    if requestCount == mark?.fatalRecord {
      throw unusable(
        record.method, expected: "a request that can be applied",
        found: "one at which this process ended \(RecoveryMark.limit) times in a row",
        fix: "`trimtab journal repair` leaves the request out; the original stays in damaged/")
    }
    mark?.begin(requestCount)
    do throws(RequestError) {
      try change(by: record)
    } catch {
      // One with details says which request it is about.
      if error.kind == .journalUnusable, !error.details.isEmpty { throw error }
      throw unusable(record.method, expected: "the request to be accepted as it was", found: error.message)
    }
    if lastUses.isEmpty { return }
    if let revision = store.revision(of: name), lastUses[revision] != nil, snapshots[revision] == nil {
      snapshots[revision] = try store.state(name)
    }
    if let revision = record.computedFrom, lastUses[revision] == recordCount { snapshots[revision] = nil }
  }

  private mutating func change(by record: ChangeRecord) throws(RequestError) {
    if isClosed { throw unusable(record.method, expected: "no request after session/close", found: "one") }
    switch record.method {
    case SessionOpen.name:
      guard recordCount == 1, let seed = record.params["seed"]?.integerValue.flatMap(UInt64.init(exactly:)) else {
        throw unusable(record.method, expected: "session/open with a seed as the first record", found: "it elsewhere")
      }
      _ = store.open(name: name, seed: seed)
      answers.opening = record.key
    case SessionClose.name: isClosed = true
    case LeftOut.method:
      _ = try store.change(name) { (state) in
        state.revision = record.revision
        return StepResult(())
      }
    case FollowedFrontier.method:
      remember(try FollowedFrontier.replay(record, from: snapshot(for: record), in: &store))
    default:
      guard let replay = Route.replays[ExactString(record.method)] else {
        throw unusable(record.method, expected: "a method of this version", found: "another")
      }
      let replayed: Replayed
      do throws(RequestError) {
        replayed = try replay(record, try snapshot(for: record), &store, wants(record.key))
      } catch {
        guard error.kind == .trialClosed else { throw error }
        differ(record, expected: "the report to be accepted, as it was", found: error.message)
        break
      }
      if replayed.isOtherwise {
        differ(record, expected: "\(record.given?.preview() ?? "nothing") to be given out", found: "another choice")
      }
      if let expected = record.given, replayed.given != expected {
        throw unusable(
          record.method, expected: "\(expected.preview()) as it was given out",
          found: replayed.given?.preview() ?? "nothing")
      }
      remember(replayed.events)
      if let key = record.key { answers.note(key, replayed.answer) }
    }
    guard !isClosed, let revision = store.revisionInPlace(of: name), revision != record.revision else { return }
    differ(record, expected: "revision \(record.revision)", found: "revision \(revision)")
    _ = try store.change(name) { (state) in
      state.revision = record.revision
      return StepResult(())
    }
  }

  /// Notes that this program would have made something else of a request.
  private mutating func differ(_ record: ChangeRecord, expected: String, found: String) {
    difference = difference ?? unusable(record.method, expected: expected, found: found)
  }

  private func wants(_ key: RequestKey?) -> Bool {
    guard let key else { return false }
    return switch wanted {
    case .none: false
    case .last: recordCount > totalCount - RecordedAnswers.lastRecordCount && !isInRun
    case .of(let keys): keys.contains(key)
    }
  }

  private mutating func remember(_ events: [SessionEvent]) {
    for event in events { history.append(event) }
  }

  /// The state that the record's product was computed from.
  private func snapshot(for record: ChangeRecord) throws(RequestError) -> SessionState? {
    guard let revision = record.computedFrom else { return nil }
    if let snapshot = snapshots[revision] { return snapshot }
    return try store.state(name)
  }

  private mutating func unreadable(_ bytes: [UInt8]) -> RequestError {
    requestCount += 1
    return unusable("", expected: "a request", found: Preview.cut(String(decoding: bytes.prefix(80), as: UTF8.self)))
  }

  private func unusable(
    _ method: String, expected: String, found: String,
    fix: String = "open it with the version that wrote it; `trimtab journal dump` shows its requests"
  ) -> RequestError {
    RequestError(
      .journalUnusable, path: "session", expected: expected,
      found: "in request \(requestCount)\(method.isEmpty ? "" : " (\(method))") of the journal: \(found)", fix: fix,
      details: [.init(key: "request", value: .integer(Int64(requestCount)))])
  }
}

/// What `repair` writes for a request that is not to be applied: later requests keep their numbers and revisions.
enum LeftOut {
  /// In no client's hands, so it is no method of the protocol.
  static let method = "journal/leftOut"

  static func record(of request: ChangeRecord, session: String) -> ChangeRecord {
    ChangeRecord(
      method,
      JSONObject(members: [
        .init(key: "session", value: .string(session)), .init(key: "method", value: .string(request.method)),
        .init(key: "params", value: .object(request.params)),
      ]), revision: request.revision)
  }
}

/// A frontier that followed its profile without a request, as a journal has it.
enum FollowedFrontier {
  /// In no client's hands, so it is no method of the protocol.
  static let method = "frontier/followed"

  static func record(
    _ session: String, _ pipeline: String, isProvisional: Bool, computedFrom: Int, revision: Int
  ) -> ChangeRecord {
    ChangeRecord(
      method,
      JSONObject(members: [
        .init(key: "session", value: .string(session)), .init(key: "pipeline", value: .string(pipeline)),
        .init(key: "provisional", value: .bool(isProvisional)),
      ]), revision: revision, computedFrom: computedFrom)
  }

  static func replay(
    _ record: ChangeRecord, from snapshot: SessionState?, in store: inout SessionStore
  ) throws(RequestError) -> [SessionEvent] {
    guard let snapshot, let pipeline = record.params["pipeline"]?.stringValue?.text,
      let isProvisional = record.params["provisional"]?.boolValue,
      let request = CharacterizationRequest(behind: try snapshot.pipeline(pipeline)),
      let work = isProvisional
        ? try snapshot.carriedCharacterization(request) : try snapshot.characterization(request)
    else {
      throw RequestError(
        .journalUnusable, expected: "a pipeline whose frontier follows its profile", found: "another",
        fix: "open it with the version that wrote it")
    }
    let product = try work(ProgressHandle())
    return try store.change(snapshot.name) { (state) throws(RequestError) in
      try state.publishFollowed(product, request)
    }.events
  }
}
