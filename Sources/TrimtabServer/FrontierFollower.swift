internal import Sessions

/// Computes frontiers anew in the background when the profile of a pipeline changes whose client asked for that.
///
/// The plans of before are held against the new bound first, which takes a small part of the time that a search takes: so the
/// client has certified plans at once. What a search finds then replaces them; it begins from nothing, so that a frontier
/// is a function of the measurements alone and not of what they were before.
///
/// For each pipeline at most one computation runs and at most one waits: further changes meanwhile add nothing, as the one
/// that waits takes its snapshot when it begins. The one that runs is not stopped, or steady changes would let none
/// come to its end. What it finds replaces the older frontier as a whole, marked stale where there is a newer profile.
final class FrontierFollower {
  private struct Pipeline: Hashable {
    let session: String
    let name: String
  }

  private var running: Set<Pipeline> = []
  private var waiting: Set<Pipeline> = []

  /// Computes the pipeline's frontier anew, now or after the computation that runs.
  func inputsChanged(_ pipeline: String, of session: String, at server: Server) {
    let pipeline = Pipeline(session: session, name: pipeline)
    if running.contains(pipeline) {
      waiting.insert(pipeline)
    } else {
      compute(pipeline, at: server)
    }
  }

  /// What to compute and for what state; nil when nobody wants it: whoever closed the session, defined the pipeline anew, no
  /// longer follows it, or has computed it himself.
  private func wanted(
    _ pipeline: Pipeline, at server: Server
  ) -> (params: FrontierCharacterize.Params, state: SessionState)? {
    guard let state = try? server.sessions.state(pipeline.session),
      let defined = state.pipelines.first(where: { $0.name == pipeline.name }),
      let origin = defined.frontierOrigin, origin.follows,
      origin.inputRevision != defined.inputRevision || origin.isProvisional
    else { return nil }
    return (FrontierCharacterize.Params(session: pipeline.session, pipeline: defined, origin: origin), state)
  }

  /// Publishes the plans of before against the new bound, and searches then.
  private func compute(_ pipeline: Pipeline, at server: Server) {
    guard let (params, state) = wanted(pipeline, at: server) else { return }
    do throws(RequestError) {
      guard let work = try FrontierCharacterize.prepareCarried(params, in: state) else {
        return search(pipeline, at: server)
      }
      running.insert(pipeline)
      server.jobs.start(nil, session: pipeline.session, title: FrontierCharacterize.name, work) {
        [unowned server] outcome in
        server.whenFree(pipeline.session) {
          self.running.remove(pipeline)
          // What is wrong with the inputs, the search tells.
          if self.publish(outcome, params, pipeline, tellsFailure: false, at: server) {
            self.search(pipeline, at: server)
          } else {
            self.waiting.remove(pipeline)
          }
        }
      }
    } catch {
      fail(error, pipeline, at: server)
    }
  }

  private func search(_ pipeline: Pipeline, at server: Server) {
    // It takes its snapshot now, so that nothing that changed until now needs another.
    waiting.remove(pipeline)
    guard let (params, state) = wanted(pipeline, at: server) else { return }
    do throws(RequestError) {
      let work = try FrontierCharacterize.prepare(params, in: state)
      running.insert(pipeline)
      server.jobs.start(nil, session: pipeline.session, title: FrontierCharacterize.name, work) {
        [unowned server] outcome in
        server.whenFree(pipeline.session) {
          self.running.remove(pipeline)
          let isWanted = self.waiting.remove(pipeline) != nil
          if self.publish(outcome, params, pipeline, tellsFailure: true, at: server), isWanted {
            self.compute(pipeline, at: server)
          }
        }
      }
    } catch {
      fail(error, pipeline, at: server)
    }
  }

  /// Puts a result in the place of an older one.
  ///
  /// - Returns: false when its session was closed.
  private func publish(
    _ outcome: Result<FrontierCharacterize.Product, RequestError>, _ params: FrontierCharacterize.Params,
    _ pipeline: Pipeline, tellsFailure: Bool, at server: Server
  ) -> Bool {
    do throws(RequestError) {
      let product = try outcome.get()
      let accepted = try server.sessions.change(pipeline.session) { (state) throws(RequestError) in
        try FrontierCharacterize.finishUnasked(product, params, in: &state)
      }
      server.send(accepted.events, of: pipeline.session)
    } catch {
      switch error.kind {
      // Only the end of its session cancels it; nobody is left to tell.
      case .cancelled: return false
      // A request of the client's own was faster, and has told.
      case .inputsChanged: break
      default: if tellsFailure { fail(error, pipeline, at: server) }
      }
    }
    return true
  }

  private func fail(_ refusal: RequestError, _ pipeline: Pipeline, at server: Server) {
    server.notify(FrontierFailed(session: pipeline.session, pipeline: pipeline.name, error: refusal))
  }
}
