internal import Basics
internal import EnergyFrontier
package import JSON
internal import JSONRPC
package import Sessions

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
  let serve: (Server, Call) -> Void
  /// Takes the method as a notification; nil where it makes no sense as one, and then it is ignored.
  let take: ((Server, _ params: JSON?) -> Void)?

  /// Whether the method may also come as a notification.
  package var isNotifiable: Bool { take != nil }

  private init<M: Method>(
    _ method: M.Type, isLong: Bool = false, take: ((Server, JSON?) -> Void)? = nil,
    serve: @escaping (Server, Call) -> Void
  ) {
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
    Route(method) { server, call in
      call.serve(method, server) { (params) throws(RequestError) in try M.answer(params, by: server) }
    }
  }

  static func query<M: SessionQuery>(_ method: M.Type) -> Route {
    Route(method) { $0.serve(method, $1, .query(M.answer)) }
  }

  static func step<M: SessionStep>(_ method: M.Type) -> Route {
    Route(method) { server, call in
      server.serve(
        method, call,
        .step { (params, files, state) throws(RequestError) in
          try M.apply(try M.resolve(params, files), to: &state)
        })
    }
  }

  static func edit<M: InPlaceStep>(_ method: M.Type) -> Route { Route(method, serve: serve(edit: method)) }

  static func edit<M: NotifiableStep>(notifiable method: M.Type) -> Route {
    Route(
      method,
      take: { server, json in
        let outcome: Result<StepResult<M.Answer>, RPCError>
        var unknown = UnknownFields()
        do throws(InvalidField) {
          let params = try M.read(json, &unknown, refusesUnknown: server.refusesUnknownFields)
          outcome = Result { () throws(RequestError) in
            try server.sessions.edit(params.session) { (state) throws(RequestError) in try M.apply(params, to: &state) }
          }.mapError(RPCError.init)
        } catch {
          outcome = .failure(RPCError(error))
        }
        let session = json?["session"]?.stringValue?.text ?? ""
        server.notify(M.event(for: outcome.map(\.answer), json, unknown))
        if case .success(let result) = outcome { server.send(result.events, of: session) }
      },
      serve: serve(edit: method))
  }

  private static func serve<M: InPlaceStep>(edit method: M.Type) -> (Server, Call) -> Void {
    { $0.serve(method, $1, .edit { (params, state) throws(RequestError) in try M.apply(params, to: &state) }) }
  }

  static func computation<M: BackgroundStep>(_ method: M.Type) -> Route {
    Route(method, isLong: true) { server, call in
      guard let (params, unknown) = call.params(of: method, server) else { return }
      let work: @Sendable (ProgressHandle) throws(RequestError) -> M.Product
      do throws(RequestError) {
        work = try M.prepare(params, in: try server.sessions.state(params.session))
      } catch {
        return call.fail(RPCError(error))
      }
      server.jobs.start(call, session: params.session, title: M.name, work) { outcome in
        server.whenFree(params.session) {
          var events: [SessionEvent] = []
          call.settle(unknown) { () throws(RequestError) in
            let product = try outcome.get()
            let result = try server.sessions.change(params.session) { (state) throws(RequestError) in
              try M.finish(product, params, in: &state)
            }
            events = result.events
            return result.answer
          }
          server.send(events, of: params.session)
        }
      }
    }
  }

  static func estimate<M: BackgroundQuery>(_ method: M.Type) -> Route {
    Route(method, isLong: true) { server, call in
      guard let (params, unknown) = call.params(of: method, server) else { return }
      let work: @Sendable (ProgressHandle) throws(RequestError) -> M.Answer
      do throws(RequestError) {
        work = try M.prepare(params, in: try server.sessions.state(params.session))
      } catch {
        return call.fail(RPCError(error))
      }
      server.jobs.start(call, session: params.session, title: M.name, work) { outcome in
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
    _ method: M.Type, _ server: Server, _ body: (M.Params) throws(RequestError) -> M.Answer
  ) {
    guard let (params, unknown) = params(of: method, server) else { return }
    settle(unknown) { () throws(RequestError) in try body(params) }
  }

  /// The params; nil when they are wrong, and then the call has been answered.
  fileprivate func params<M: Method>(
    of method: M.Type, _ server: Server
  ) -> (params: M.Params, unknown: UnknownFields)? {
    do throws(InvalidField) {
      var unknown = UnknownFields()
      let params = try M.read(params, &unknown, refusesUnknown: server.refusesUnknownFields)
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
}
