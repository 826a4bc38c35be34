internal import EnergyFrontier
package import JSON
internal import JSONRPC
package import Sessions

/// A method bound to what serves it; one row of the catalogue.
package struct Route {
  package let name: String
  package let purpose: String
  package let refusals: [Refusal.Kind]
  /// Whether the answer may come after those of later requests.
  package let isLong: Bool
  package let params: () -> [FieldSchema]
  let serve: (Server, Call) -> Void

  private init<M: Method>(_ method: M.Type, isLong: Bool = false, serve: @escaping (Server, Call) -> Void) {
    name = M.name
    purpose = M.purpose
    refusals = M.refusals
    self.isLong = isLong
    params = { Schema.of(M.Params.self) }
    self.serve = serve
  }

  static func server<M: ServerMethod>(_ method: M.Type) -> Route {
    Route(method) { server, call in
      call.serve(method) { (params) throws(Refusal) in try M.answer(params, by: server) }
    }
  }

  static func query<M: SessionQuery>(_ method: M.Type) -> Route {
    Route(method) { server, call in
      call.serve(method) { (params) throws(Refusal) in
        try M.answer(params, in: try server.sessions.state(params.session))
      }
    }
  }

  static func step<M: SessionStep>(_ method: M.Type) -> Route {
    Route(method) { server, call in
      var events: (session: String, list: [SessionEvent]) = ("", [])
      call.serve(method) { (params) throws(Refusal) in
        // Existence is checked before files are read, and the files before anything changes.
        _ = try server.sessions.state(params.session)
        let resolved = try M.resolve(params, server.files)
        let accepted = try server.sessions.change(params.session) { (state) throws(Refusal) in
          try M.apply(resolved, to: &state)
        }
        events = (params.session, accepted.events)
        return accepted.answer
      }
      server.send(events.list, of: events.session)
    }
  }

  static func computation<M: SessionComputation>(_ method: M.Type) -> Route {
    Route(method, isLong: true) { server, call in
      guard let params = call.params(of: method) else { return }
      let work: @Sendable (Checkpoint) throws(Refusal) -> M.Product
      do throws(Refusal) {
        work = try M.prepare(params, in: try server.sessions.state(params.session))
      } catch {
        return call.fail(RPCError(error))
      }
      server.jobs.start(call, session: params.session, title: M.name, work) { outcome in
        var events: [SessionEvent] = []
        call.settle { () throws(Refusal) in
          let product = try outcome.get()
          let accepted = try server.sessions.change(params.session) { (state) throws(Refusal) in
            try M.finish(product, params, in: &state)
          }
          events = accepted.events
          return accepted.answer
        }
        server.send(events, of: params.session)
      }
    }
  }

  static func estimate<M: SessionEstimate>(_ method: M.Type) -> Route {
    Route(method, isLong: true) { server, call in
      guard let params = call.params(of: method) else { return }
      let work: @Sendable (Checkpoint) throws(Refusal) -> M.Answer
      do throws(Refusal) {
        work = try M.prepare(params, in: try server.sessions.state(params.session))
      } catch {
        return call.fail(RPCError(error))
      }
      server.jobs.start(call, session: params.session, title: M.name, work) { outcome in
        call.settle { () throws(Refusal) in try outcome.get() }
      }
    }
  }
}

extension Call {
  /// Answers with what `body` makes of the params, or with why they are wrong or refused.
  fileprivate func serve<M: Method>(_ method: M.Type, _ body: (M.Params) throws(Refusal) -> M.Answer) {
    guard let params = params(of: method) else { return }
    settle { () throws(Refusal) in try body(params) }
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

  fileprivate func settle(_ body: () throws(Refusal) -> some ObjectWritable) {
    do throws(Refusal) {
      answer(try body())
    } catch {
      fail(RPCError(error))
    }
  }
}
