internal import Basics
internal import EnergyFrontier
package import JSON
internal import JSONRPC
package import Sessions

/// Applies a request that a journal kept, given the state that its computation began from, and says what came of it.
///
/// The last argument says whether the answer is wanted.
typealias Replaying =
  @Sendable (ChangeRecord, SessionState?, inout SessionStore, Bool) throws(RequestError) -> Replayed

/// What came of a request that a journal kept.
struct Replayed {
  /// What it gave away.
  var given: JSON?
  var events: [SessionEvent]
  /// Whether this version would have given out something else.
  let isOtherwise: Bool
  /// What was answered, where that is wanted.
  var answer: WrittenAnswer?

  init(_ result: StepResult<some DeclaredObject>, given: JSON? = nil, wantsAnswer: Bool) {
    (events, isOtherwise, self.given) = (result.events, result.isOtherwise, given)
    answer = wantsAnswer ? WrittenAnswer(result.answer) : nil
  }
}

/// A method bound to what serves it; one row of the catalogue.
package struct Route {
  package let name: String
  package let purpose: String
  package let refusals: [RequestError.Kind]
  /// Whether the answer may come after those of later requests.
  package let isLong: Bool
  package let params: () -> [FieldSchema]
  /// Why the params' initialiser throws on placeholders, if it does.
  package let paramsFault: () -> InvalidField?
  /// What an answer is; worked out when asked for, as a server that starts does not need to know.
  package var answer: FieldType { answerType() }
  private let answerType: () -> FieldType
  let serve: (ClientConnection, Call) -> Void
  /// Takes the method as a notification; nil where it makes no sense as one, and then it is ignored.
  let take: ((ClientConnection, _ params: JSON?) -> Void)?

  /// Nil for a method that changes no session.
  let replay: Replaying?

  /// Whether the method changes the session that it names.
  var changesSession: Bool { replay != nil || name == SessionClose.name }

  /// Whether the method may change, open or close a session.
  var mayChange: Bool { changesSession || name == SessionOpen.name }

  /// Every method that a journal may hold.
  static let replays = Dictionary(
    uniqueKeysWithValues: Catalogue.routes.compactMap { route in route.replay.map { (ExactString(route.name), $0) } })

  /// The param that names a file; nil for most methods.
  let fileField: String?

  /// The params that name files, by method.
  static let fileFields = Dictionary(
    uniqueKeysWithValues: Catalogue.routes.compactMap { route in
      route.fileField.map { (ExactString(route.name), $0) }
    })

  /// The fields of params that the method does not know.
  let unknownFields: (JSON?) -> UnknownFields

  /// Whether the client's own process serves it, also where another serves its sessions.
  private(set) var isLocal = false

  /// Whether the method may also come as a notification.
  package var isNotifiable: Bool { take != nil }

  private init<M: Method>(
    _ method: M.Type, isLong: Bool = false, take: ((ClientConnection, JSON?) -> Void)? = nil,
    replay: Replaying? = nil, fileField: String? = nil,
    serve: @escaping (ClientConnection, Call) -> Void
  ) {
    self.replay = replay
    self.fileField = fileField
    unknownFields = { json in
      var unknown = UnknownFields()
      // Params that cannot be read were refused, and no refusal is answered again from a journal.
      _ = try? M.read(json, &unknown, refusesUnknown: false)
      return unknown
    }
    name = M.name
    purpose = M.purpose
    refusals = M.refusals
    self.isLong = isLong
    params = { Schema.of(M.Params.self) }
    paramsFault = { Schema.fault(in: M.Params.self) }
    answerType = { M.Answer.fieldType }
    self.serve = serve
    self.take = take
  }

  static func server<M: ServerMethod>(_ method: M.Type) -> Route {
    Route(method) { client, call in
      call.serve(method, client) { (params) throws(RequestError) in try M.answer(params, for: client) }
    }
  }

  static func editor<M: EditorMethod>(_ method: M.Type) -> Route {
    var route = Route(method) { client, call in
      do throws(InvalidField) {
        // Editors send more fields than are declared, and newer ones send others.
        let params = try M.Params(reading: call.params)
        call.settle(UnknownFields()) { () throws(RequestError) in
          guard let place = client.editor.place(params.uri) else { return M.nothing }
          // What is shown of a session must be durable first.
          if let session = place.session { call.lane = client.server.lane(of: session.query.session) }
          return try M.answer(params, place)
        }
      } catch {
        call.fail(RPCError(error))
      }
    }
    route.isLocal = true
    return route
  }

  static func editor<M: EditorRequest>(request method: M.Type) -> Route {
    var route = Route(method) { client, call in
      do throws(InvalidField) {
        M.serve(try M.Params(reading: call.params), at: client.editor) { outcome in
          call.settle(UnknownFields()) { () throws(RequestError) in try outcome.get() }
        }
      } catch {
        call.fail(RPCError(error))
      }
    }
    route.isLocal = true
    return route
  }

  static func document<M: DocumentMethod>(_ method: M.Type) -> Route {
    Route(method) { client, call in
      guard let (_, unknown) = call.params(of: method, client) else { return }
      let computations = client.server.computations
      guard computations.runsBeside else { return call.settle(unknown) { () throws(RequestError) in M.document } }
      call.settle(beside: computations, method, unknown) { () throws(RequestError) in M.document }
    }
  }

  static func store<M: StoreQuery>(_ method: M.Type) -> Route {
    Route(method) { client, call in
      guard let (params, unknown) = call.params(of: method, client) else { return }
      let server = client.server
      let (store, stored) = (server.sessions, server.journals?.storedNames)
      guard server.computations.runsBeside, store.count + (stored?.count ?? 0) > Limits.itemsOnLoop else {
        return call.settle(unknown) { () throws(RequestError) in try M.answer(params, store, stored: stored) }
      }
      call.settle(beside: server.computations, method, unknown) { () throws(RequestError) in
        try M.answer(params, store, stored: stored)
      }
    }
  }

  static func query<M: SessionQuery>(_ method: M.Type) -> Route {
    Route(method) { $0.server.serve(method, $1, for: $0, .query(M.answer)) }
  }

  static func step<M: SessionStep>(_ method: M.Type) -> Route {
    Route(
      method,
      replay: { (record, _, store, wantsAnswer) throws(RequestError) in
        let params = try M.resolve(recorded: try record.params(of: method), record.file)
        let result = try store.change(params.session) { (state) throws(RequestError) in
          try M.apply(params, to: &state)
        }
        return Replayed(result, wantsAnswer: wantsAnswer)
      },
      fileField: M.fileField,
      serve: { client, call in
        client.server.serve(
          method, call, for: client,
          .step { (params, files, state) throws(RequestError) in
            let resolved = try M.resolve(params, files)
            let additions = RecordAdditions(
              file: M.recordedFile(resolved), unsaidParam: M.unsaidParam(resolved, in: state))
            return (try M.apply(resolved, to: &state), additions)
          })
      })
  }

  static func edit<M: InPlaceStep>(_ method: M.Type) -> Route {
    Route(method, replay: replay(edit: method), serve: serve(edit: method))
  }

  private static func replay<M: InPlaceStep>(
    edit method: M.Type
  ) -> Replaying {
    { (record, _, store, wantsAnswer) throws(RequestError) in
      let params = try record.params(of: method)
      let result = try store.edit(params.session) { (state) throws(RequestError) in
        if let given = record.given {
          try M.apply(params, giving: given, to: &state)
        } else {
          try M.apply(params, to: &state)
        }
      }
      return Replayed(result, given: M.given(by: result.answer), wantsAnswer: wantsAnswer)
    }
  }

  static func edit<M: NotifiableStep>(notifiable method: M.Type) -> Route {
    Route(
      method,
      take: { client, json in
        let server = client.server
        let outcome: Result<StepResult<M.Answer>, RPCError>
        var unknown = UnknownFields()
        do throws(InvalidField) {
          let params = try M.read(json, &unknown, refusesUnknown: client.refusesUnknownFields)
          outcome = Result { () throws(RequestError) in
            try client.checkMayChange()
            try client.checkHolds(params.session)
            return try server.edit(method, json, params)
          }.mapError(RPCError.init)
        } catch {
          outcome = .failure(RPCError(error))
        }
        let session = json?["session"]?.stringValue?.text ?? ""
        client.notify(M.event(for: outcome.map(\.answer), json, unknown), about: session)
        if case .success(let result) = outcome { server.send(result.events, of: session) }
      },
      replay: replay(edit: method), serve: serve(edit: method))
  }

  private static func serve<M: InPlaceStep>(edit method: M.Type) -> (ClientConnection, Call) -> Void {
    {
      $0.server.serve(
        method, $1, for: $0,
        .edit(
          { (params, state) throws(RequestError) in try M.apply(params, to: &state) }, given: { M.given(by: $0) }))
    }
  }

  static func computation<M: BackgroundStep>(_ method: M.Type) -> Route {
    Route(
      method, isLong: true,
      replay: { (record, snapshot, store, wantsAnswer) throws(RequestError) in
        let params = try record.params(of: method)
        let state = if let snapshot { snapshot } else { try store.state(params.session) }
        let product = try M.prepare(params, in: state)(ProgressHandle())
        let result = try store.change(params.session) { (state) throws(RequestError) in
          try M.finish(product, params, in: &state)
        }
        return Replayed(result, wantsAnswer: wantsAnswer)
      },
      serve: { client, call in
        guard let (params, unknown) = call.params(of: method, client) else { return }
        let server = client.server
        let work: @Sendable (ProgressHandle) throws(RequestError) -> M.Product
        let computedFrom: Int
        do throws(RequestError) {
          let state = try server.sessions.state(params.session)
          computedFrom = state.revision
          work = try M.prepare(params, in: state)
        } catch {
          return call.fail(RPCError(error))
        }
        // Kept for the journal, and small: the long params of these methods are settings.
        let json = server.journals == nil ? nil : call.params?.detached
        server.computations.start(
          call, session: params.session, title: M.name, work,
          settle: { [unowned server] in server.whenFree(params.session, $0) },
          finish: { [unowned server] outcome in
            var events: [SessionEvent] = []
            call.settle(unknown) { () throws(RequestError) in
              let product = try outcome.get()
              let result = try server.sessions.change(params.session) { (state) throws(RequestError) in
                try M.finish(product, params, in: &state)
              }
              server.record(
                server.change(method, json, params.session, by: call.origin?.key, computedFrom: computedFrom),
                of: params.session)
              events = result.events
              return result.answer
            }
            server.send(events, of: params.session)
          })
      })
  }

  /// `initialize`, which another process may answer: the owner of the state directory.
  static func initialize(_ method: Initialize.Type) -> Route {
    Route(method) { client, call in
      guard let (params, unknown) = call.params(of: method, client) else { return }
      do throws(RequestError) {
        if try client.enters(call, params) { return }
      } catch {
        // For the person too, since editors show little of a refused initialize.
        client.logMessage(error.message, .error)
        return call.fail(RPCError(error))
      }
      client.accept(params)
      call.settle(unknown) { () throws(RequestError) in
        Initialize.Answer(
          version: params.version, durability: client.server.durability, isReadOnly: client.isReadOnly,
          client: params.capabilities)
      }
    }
  }

  /// `session/open`, which may take long where it recovers a session.
  static func open(_ method: SessionOpen.Type) -> Route {
    Route(method) { client, call in
      guard let (params, unknown) = call.params(of: method, client) else { return }
      client.server.open(call, for: client, params, unknown)
    }
  }

  /// `session/watch`, which may have to read a journal.
  static func watch(_ method: SessionWatch.Type) -> Route {
    Route(method) { client, call in
      guard let (params, unknown) = call.params(of: method, client) else { return }
      client.server.watch(call, for: client, params, unknown)
    }
  }

  static func estimate<M: BackgroundQuery>(_ method: M.Type) -> Route {
    Route(method, isLong: true) { client, call in
      guard let (params, unknown) = call.params(of: method, client) else { return }
      let server = client.server
      let work: @Sendable (ProgressHandle) throws(RequestError) -> M.Answer
      do throws(RequestError) {
        work = try M.prepare(params, in: try server.sessions.state(params.session))
      } catch {
        return call.fail(RPCError(error))
      }
      server.computations.start(call, session: params.session, title: M.name, work) { outcome in
        call.settle(unknown) { () throws(RequestError) in try outcome.get() }
      }
    }
  }
}

extension Method {
  /// Reads params; unknown fields are noted, or are an error where the client asked for that.
  static func read(
    _ json: JSON?, _ unknown: inout UnknownFields, refusesUnknown: Bool
  ) throws(InvalidField) -> Params {
    let params = try Params(reading: json, unknown: &unknown)
    if refusesUnknown, let first = unknown.list.first { throw first.error }
    return params
  }
}

extension Call {
  /// Answers with what `body` makes of the params, or with why they are wrong or refused.
  func serve<M: Method>(
    _ method: M.Type, _ client: ClientConnection, _ body: (M.Params) throws(RequestError) -> M.Answer
  ) {
    guard let (params, unknown) = params(of: method, client) else { return }
    settle(unknown) { () throws(RequestError) in try body(params) }
  }

  /// The params; nil when they are wrong, and then the call has been answered.
  fileprivate func params<M: Method>(
    of method: M.Type, _ client: ClientConnection
  ) -> (params: M.Params, unknown: UnknownFields)? {
    do throws(InvalidField) {
      var unknown = UnknownFields()
      let params = try M.read(params, &unknown, refusesUnknown: client.refusesUnknownFields)
      return (params, unknown)
    } catch {
      fail(RPCError(error))
      return nil
    }
  }

  fileprivate func settle(_ unknown: UnknownFields, _ body: () throws(RequestError) -> some DeclaredObject) {
    do throws(RequestError) {
      answer(WarnedAnswer(answer: try body(), unknown: unknown))
    } catch {
      fail(RPCError(error))
    }
  }

  /// Answers with what `body` makes and writes on a thread.
  fileprivate func settle<M: Method>(
    beside computations: ComputationTable, _ method: M.Type, _ unknown: UnknownFields,
    _ body: @escaping @Sendable () throws(RequestError) -> M.Answer
  ) {
    computations.start(self, session: "", title: M.name, isShort: true) { (_) throws(RequestError) in
      WrittenAnswer(WarnedAnswer(answer: try body(), unknown: unknown))
    } finish: { outcome in
      do throws(RequestError) { self.answer(try outcome.get()) } catch { self.fail(RPCError(error)) }
    }
  }
}
