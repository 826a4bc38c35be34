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
    self.serve = serve
    self.take = take
  }

  static func server<M: ServerMethod>(_ method: M.Type) -> Route {
    Route(method) { server, call in
      call.serve(method) { (params) throws(RequestError) in try M.answer(params, by: server) }
    }
  }

  static func query<M: SessionQuery>(_ method: M.Type) -> Route {
    Route(method) { server, call in
      call.serve(method) { (params) throws(RequestError) in
        try M.answer(params, in: try server.sessions.state(params.session))
      }
    }
  }

  static func step<M: SessionStep>(_ method: M.Type) -> Route {
    Route(method) { server, call in
      var events: (session: String, list: [SessionEvent]) = ("", [])
      call.serve(method) { (params) throws(RequestError) in
        // Existence is checked before files are read, and the files before anything changes.
        _ = try server.sessions.state(params.session)
        let resolved = try M.resolve(params, server.files)
        let accepted = try server.sessions.change(params.session) { (state) throws(RequestError) in
          try M.apply(resolved, to: &state)
        }
        events = (params.session, accepted.events)
        return accepted.answer
      }
      server.send(events.list, of: events.session)
    }
  }

  static func edit<M: InPlaceStep>(_ method: M.Type) -> Route { Route(method, serve: serve(edit: method)) }

  static func edit<M: NotifiableStep>(notifiable method: M.Type) -> Route {
    Route(
      method,
      take: { server, json in
        let outcome: Result<StepResult<M.Answer>, RPCError>
        do throws(InvalidField) {
          let params = try M.Params(reading: json)
          outcome = Result { () throws(RequestError) in
            try server.sessions.edit(params.session) { (state) throws(RequestError) in try M.apply(params, to: &state) }
          }.mapError(RPCError.init)
        } catch {
          outcome = .failure(RPCError(error))
        }
        let session = json?["session"]?.stringValue ?? ""
        server.send([M.event(for: outcome.map(\.answer), json)], of: session)
        if case .success(let accepted) = outcome { server.send(accepted.events, of: session) }
      },
      serve: serve(edit: method))
  }

  private static func serve<M: InPlaceStep>(edit method: M.Type) -> (Server, Call) -> Void {
    { server, call in
      var events: (session: String, list: [SessionEvent]) = ("", [])
      call.serve(method) { (params) throws(RequestError) in
        let accepted = try server.sessions.edit(params.session) { (state) throws(RequestError) in
          try M.apply(params, to: &state)
        }
        events = (params.session, accepted.events)
        return accepted.answer
      }
      server.send(events.list, of: events.session)
    }
  }

  static func computation<M: BackgroundStep>(_ method: M.Type) -> Route {
    Route(method, isLong: true) { server, call in
      guard let params = call.params(of: method) else { return }
      let work: @Sendable (ProgressHandle) throws(RequestError) -> M.Product
      do throws(RequestError) {
        work = try M.prepare(params, in: try server.sessions.state(params.session))
      } catch {
        return call.fail(RPCError(error))
      }
      server.jobs.start(call, session: params.session, title: M.name, work) { outcome in
        var events: [SessionEvent] = []
        call.settle { () throws(RequestError) in
          let product = try outcome.get()
          let accepted = try server.sessions.change(params.session) { (state) throws(RequestError) in
            try M.finish(product, params, in: &state)
          }
          events = accepted.events
          return accepted.answer
        }
        server.send(events, of: params.session)
      }
    }
  }

  static func estimate<M: BackgroundQuery>(_ method: M.Type) -> Route {
    Route(method, isLong: true) { server, call in
      guard let params = call.params(of: method) else { return }
      let work: @Sendable (ProgressHandle) throws(RequestError) -> M.Answer
      do throws(RequestError) {
        work = try M.prepare(params, in: try server.sessions.state(params.session))
      } catch {
        return call.fail(RPCError(error))
      }
      server.jobs.start(call, session: params.session, title: M.name, work) { outcome in
        call.settle { () throws(RequestError) in try outcome.get() }
      }
    }
  }
}

extension Call {
  /// Answers with what `body` makes of the params, or with why they are wrong or refused.
  fileprivate func serve<M: Method>(_ method: M.Type, _ body: (M.Params) throws(RequestError) -> M.Answer) {
    guard let params = params(of: method) else { return }
    settle { () throws(RequestError) in try body(params) }
  }

  /// The params; nil when they are wrong, and then the call has been answered.
  fileprivate func params<M: Method>(of method: M.Type) -> M.Params? {
    do throws(InvalidField) {
      return try M.Params(reading: params)
    } catch {
      fail(RPCError(error))
      return nil
    }
  }

  fileprivate func settle(_ body: () throws(RequestError) -> some ObjectWritable) {
    do throws(RequestError) {
      answer(try body())
    } catch {
      fail(RPCError(error))
    }
  }
}
