internal import Basics
internal import JSON
internal import JSONRPC
internal import Sessions

/// What a method does with the session that its params name.
enum SessionWork<M: SessionMethod> {
  case query(@Sendable (M.Params, SessionState) throws(RequestError) -> M.Answer)
  /// Changes a copy, which replaces the session.
  case step(
    @Sendable (M.Params, FileAccess, inout SessionState) throws(RequestError)
      -> (StepResult<M.Answer>, RecordAdditions))
  /// Changes the session in place, and throws before its first change; `given` is what an answer gives away.
  case edit(
    @Sendable (M.Params, inout SessionState) throws(RequestError) -> StepResult<M.Answer>,
    given: @Sendable (M.Answer) -> JSON?)
}

// A request runs on the loop if it is short, which nearly all are. One that may hold the loop for over 20 ms runs
// beside it: it reads its params, works on a copy of the session and writes its answer on a thread, and the copy then
// replaces the session. Requests that name the same session wait meanwhile, so that order is the same either way.
extension Server {
  /// Serves a request that names a session.
  func serve<M: SessionMethod>(
    _ method: M.Type, _ call: Call, for client: ClientConnection, _ work: SessionWork<M>
  ) {
    if let state = state(named: call.params) {
      if isLong(method, call.params, in: state) { return serveBeside(method, call, client, work, state) }
      // A change in place must find the store as its only owner, so only a query keeps the state.
      if case .query(let answer) = work {
        return call.serve(method, client) { (params) throws(RequestError) in try answer(params, state) }
      }
    }
    var events: [SessionEvent] = []
    var session = ""
    call.serve(method, client) { (params) throws(RequestError) in
      session = params.session
      switch work {
      case .query(let answer): return try answer(params, try sessions.state(session))
      case .step(let apply):
        let files = call.origin?.files ?? client.files
        var additions = RecordAdditions()
        let result = try sessions.change(session) { (state) throws(RequestError) in
          let (result, found) = try apply(params, files, &state)
          additions = found
          return result
        }
        record(change(method, call.params, session, by: call.origin?.key).keeping(additions), of: session)
        events = result.events
        return result.answer
      case .edit(let apply, let given):
        let result = try edit(method, call.params, params, by: call.origin?.key, apply, given)
        events = result.events
        return result.answer
      }
    }
    send(events, of: session)
  }

  /// Changes a session in place, and records that.
  func edit<M: InPlaceStep>(
    _ method: M.Type, _ json: JSON?, _ params: M.Params
  ) throws(RequestError) -> StepResult<M.Answer> {
    try edit(method, json, params, by: nil, M.apply, M.given(by:))
  }

  private func edit<M: SessionMethod>(
    _ method: M.Type, _ json: JSON?, _ params: M.Params, by key: RequestKey?,
    _ apply: (M.Params, inout SessionState) throws(RequestError) -> StepResult<M.Answer>, _ given: (M.Answer) -> JSON?
  ) throws(RequestError) -> StepResult<M.Answer> {
    try checkWritable(params.session)
    var isLogged = false
    let result = try sessions.edit(params.session) { (state) throws(RequestError) in
      let before = state.search?.log.changeCount
      let result = try apply(params, &state)
      // A request for a trial in vain may tell the time, which counts, though it is no change that a client sees.
      isLogged = state.search?.log.changeCount != before
      return result
    }
    if result.isChange || isLogged {
      record(change(method, json, params.session, by: key, given: given(result.answer)), of: params.session)
    }
    return result
  }

  /// The state of the session that params name; nil where there is none.
  private func state(named params: JSON?) -> SessionState? {
    guard case .object(let object) = params, let name = object.sessionName else { return nil }
    return try? sessions.state(name)
  }

  /// Whether a request is so long that it should run beside the loop.
  private func isLong<M: SessionMethod>(_ method: M.Type, _ params: JSON?, in state: SessionState) -> Bool {
    guard computations.runsBeside, case .object(let object) = params else { return false }
    return object.readingEffort + M.itemCount(object, in: state) > Limits.itemsOnLoop
  }

  private func serveBeside<M: SessionMethod>(
    _ method: M.Type, _ call: Call, _ client: ClientConnection, _ work: SessionWork<M>, _ state: SessionState
  ) {
    let (json, refusesUnknown) = (call.params, client.refusesUnknownFields)
    let files = call.origin?.files ?? client.files
    let (isRecorded, key) = (journals != nil, call.origin?.key)
    // The closure below must not keep the old state: its end would hold the loop.
    let session = state.name
    lanes.occupy(session)
    computations.start(call, session: session, title: M.name, isShort: true) { (_) throws(RequestError) in
      LongWork(method, work, json, files, refusesUnknown, state, isRecorded: isRecorded, by: key)
    } finish: { [unowned self] outcome in
      do throws(RequestError) {
        let done = try outcome.get()
        switch done.outcome {
        case .success(let success):
          if let next = success.next { computations.release(sessions.replace(next)) }
          if let record = success.record { append(record, of: session) }
          call.answer(success.answer)
          remember(success.events, of: session)
          return send(success.pushes[...], of: session)
        case .failure(let error): call.fail(error)
        }
      } catch {
        call.fail(RPCError(error))
      }
      freeLane(session)
    }
  }

  /// Sends events some at a time, so that other messages come between, and then frees the session.
  private func send(_ events: ArraySlice<LongWork.Event>, of session: String) {
    for event in events.prefix(Limits.itemsOnLoop) {
      switch event {
      case .planChanged(let changed): push(changed, .plans, revision: changed.revision, about: session)
      case .other(let event): pass(event, of: session)
      }
    }
    let rest = events.dropFirst(Limits.itemsOnLoop)
    if rest.isEmpty { return freeLane(session) }
    computations.afterOtherMessages { [unowned self] in send(rest, of: session) }
  }

  /// Runs `action` now, or when the session it is about is no longer occupied.
  func whenFree(_ session: String, _ action: @escaping () -> Void) {
    if lanes.isOccupied(session) { lanes.wait(session, action) } else { action() }
  }

  /// Has a call wait for its session where that is occupied; false where it may go on.
  func waits(_ call: Call, _ action: @escaping () -> Void) -> Bool {
    guard lanes.isAnyOccupied, let session = call.params?.objectValue?.sessionName, lanes.isOccupied(session)
    else { return false }
    guard lanes.waitingCount(session) < Limits.waitingRequests else {
      call.fail(
        RPCError(
          RequestError(
            .overloaded, path: "session",
            expected: "at most \(Limits.waitingRequests) requests that wait for a session",
            found: "as many", fix: "wait for an answer and ask again")))
      return true
    }
    call.keepsParams = true
    call.onCancel = { [unowned call] in call.fail(RPCError(RequestError.cancelled)) }
    lanes.wait(session) {
      if call.isAnswered { return }
      call.onCancel = nil
      action()
      call.keepsParams = false
    }
    return true
  }

  /// Lets what waits for a session go on, some at a time so that other messages come between.
  func freeLane(_ session: String) {
    for _ in 0..<64 {
      guard let action = lanes.next(session) else {
        for action in lanes.takeThoseForAll() { action() }
        return
      }
      action()
      // A request that uses the session again keeps the others waiting, and frees them at its end.
      if lanes.isInUse(session) { return }
    }
    computations.afterOtherMessages { [unowned self] in freeLane(session) }
  }
}

/// What came of work beside the loop.
private struct LongWork: Sendable {
  struct Success: Sendable {
    let answer: WrittenAnswer
    /// The session as it is now; nil where nothing changed.
    let next: SessionState?
    let events: [SessionEvent]
    /// The same, as they are sent.
    let pushes: [Event]
    /// For the journal; nil where there is none, or nothing changed.
    let record: [UInt8]?
  }

  /// What to send after the answer; a step may change the plans of many thousand pipelines.
  enum Event: Sendable {
    case planChanged(PlanChanged)
    case other(SessionEvent)
  }

  let outcome: Result<Success, RPCError>

  init<M: SessionMethod>(
    _ method: M.Type, _ work: SessionWork<M>, _ json: JSON?, _ files: FileAccess, _ refusesUnknown: Bool,
    _ state: SessionState, isRecorded: Bool, by key: RequestKey?
  ) {
    do throws(InvalidField) {
      var unknown = UnknownFields()
      let params = try M.read(json, &unknown, refusesUnknown: refusesUnknown)
      outcome = Result { () throws(RequestError) in
        var next = state
        next.revision += 1
        let result: StepResult<M.Answer>
        var changes = true
        var additions = RecordAdditions()
        var given: JSON?
        switch work {
        case .query(let answer): (result, changes) = (StepResult(try answer(params, state), isChange: false), false)
        case .step(let apply): (result, additions) = try apply(params, files, &next)
        case .edit(let apply, let giving):
          result = try apply(params, &next)
          if !result.isChange { next.revision -= 1 }
          changes = result.isChange || next.search?.log.changeCount != state.search?.log.changeCount
          given = giving(result.answer)
        }
        let record: [UInt8]? =
          changes && isRecorded
          ? ChangeRecord(
            M.name, ChangeRecord.understood(json, by: method), revision: next.revision, by: key,
            given: given
          ).keeping(additions).bytes : nil
        return Success(
          answer: WrittenAnswer(WarnedAnswer(answer: result.answer, unknown: unknown)), next: changes ? next : nil,
          events: result.events, pushes: result.events.flatMap(Self.parts), record: record)
      }.mapError { RPCError($0) }
    } catch {
      outcome = .failure(RPCError(error))
    }
  }

  private static func parts(_ event: SessionEvent) -> [Event] {
    guard case .plansChanged(let changed) = event else { return [.other(event)] }
    var parts: [Event] = []
    changed.each { parts.append(.planChanged($0)) }
    return parts
  }
}

/// An answer that was written on another thread.
struct WrittenAnswer: ObjectWritable, Sendable {
  private let fields: WrittenFields

  init(_ answer: some ObjectWritable) { fields = WrittenFields { answer.write(to: &$0) } }

  func write(to object: inout ObjectWriter) { object.insert(fields) }

  /// The answer as a value.
  var json: JSON {
    var writer = ObjectWriter()
    writer.braced { $0.fields(fields) }
    // Only a number that is not finite makes it no JSON.
    return (try? JSON.parse(writer.json.bytes)) ?? .null
  }
}

extension JSONObject {
  /// The session that params name.
  var sessionName: String? { value(of: "session")?.stringValue?.text }
}
