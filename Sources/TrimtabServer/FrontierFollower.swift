internal import Sessions

/// Computes frontiers again in the background when the profile of a pipeline changes, where the client asked for that.
///
/// The existing plans are re-evaluated against the new bound first, which takes a small part of the time of a search,
/// so that the client has certified plans at once. The result of a search then replaces them. The search starts from
/// nothing, so a frontier is a function of the measurements alone and not of earlier ones.
///
/// For each pipeline at most one computation runs and at most one waits. Further changes meanwhile add nothing, because
/// the waiting computation takes its snapshot when it begins. The running one is not stopped, since steady changes
/// would then let none finish. Its result replaces the older frontier as a whole, marked stale where the profile is
/// newer.
final class FrontierFollower {
  private struct Pipeline: Hashable {
    let session: String
    let name: String
  }

  private var running: Set<Pipeline> = []
  private var waiting: Set<Pipeline> = []

  /// Computes the pipeline's frontier, now or after the computation that runs.
  func inputsChanged(_ pipeline: String, of session: String, at server: Server) {
    let pipeline = Pipeline(session: session, name: pipeline)
    if running.contains(pipeline) {
      waiting.insert(pipeline)
    } else {
      compute(pipeline, at: server)
    }
  }

  /// What to compute and for what state; nil when it is no longer needed: the session was closed, the pipeline was
  /// defined again, its frontier no longer follows the profile, or a request has computed it.
  private func wanted(
    _ pipeline: Pipeline, at server: Server
  ) -> (request: CharacterizationRequest, state: SessionState)? {
    guard let state = try? server.sessions.state(pipeline.session),
      let defined = try? state.pipeline(pipeline.name), let request = CharacterizationRequest(behind: defined),
      let origin = defined.frontierOrigin, origin.follows,
      origin.inputRevision != defined.inputRevision || origin.isProvisional
    else { return nil }
    return (request, state)
  }

  /// Publishes the existing plans, re-evaluated against the new bound, and then searches.
  private func compute(_ pipeline: Pipeline, at server: Server) {
    guard let (request, state) = wanted(pipeline, at: server) else { return }
    do throws(RequestError) {
      guard let work = try state.carriedCharacterization(request) else {
        return search(pipeline, at: server)
      }
      running.insert(pipeline)
      let computedFrom = state.revision
      server.computations.start(
        nil, session: pipeline.session, title: FrontierCharacterize.name, work,
        settle: { [unowned server] in server.whenFree(pipeline.session, $0) },
        finish: { [unowned server] outcome in
          self.running.remove(pipeline)
          // The search that follows reports input errors.
          if self.publish(outcome, request, pipeline, from: computedFrom, tellsFailure: false, at: server) {
            self.search(pipeline, at: server)
          } else {
            self.waiting.remove(pipeline)
          }
        })
    } catch {
      fail(error, pipeline, at: server)
    }
  }

  private func search(_ pipeline: Pipeline, at server: Server) {
    // It takes its snapshot now, so that nothing that changed until now needs another.
    waiting.remove(pipeline)
    guard let (request, state) = wanted(pipeline, at: server) else { return }
    do throws(RequestError) {
      let work = try state.characterization(request)
      running.insert(pipeline)
      let computedFrom = state.revision
      server.computations.start(
        nil, session: pipeline.session, title: FrontierCharacterize.name, work,
        settle: { [unowned server] in server.whenFree(pipeline.session, $0) },
        finish: { [unowned server] outcome in
          self.running.remove(pipeline)
          let isWanted = self.waiting.remove(pipeline) != nil
          if self.publish(outcome, request, pipeline, from: computedFrom, tellsFailure: true, at: server), isWanted {
            self.compute(pipeline, at: server)
          }
        })
    } catch {
      fail(error, pipeline, at: server)
    }
  }

  /// Puts a result in the place of an older one.
  ///
  /// - Returns: false when its session was closed.
  private func publish(
    _ outcome: Result<CharacterizationProduct, RequestError>, _ request: CharacterizationRequest,
    _ pipeline: Pipeline, from computedFrom: Int, tellsFailure: Bool, at server: Server
  ) -> Bool {
    do throws(RequestError) {
      let product = try outcome.get()
      let accepted = try server.sessions.change(pipeline.session) { (state) throws(RequestError) in
        try state.publishFollowed(product, request)
      }
      server.record(
        FollowedFrontier.record(
          pipeline.session, pipeline.name, isProvisional: product.isProvisional, computedFrom: computedFrom,
          revision: server.sessions.revision(of: pipeline.session) ?? 0), of: pipeline.session)
      server.send(accepted.events, of: pipeline.session)
    } catch {
      switch error.kind {
      // Only closing the session cancels it, and then no client waits for it.
      case .cancelled: return false
      // A request of the client was faster and has published a frontier.
      case .inputsChanged: break
      default: if tellsFailure { fail(error, pipeline, at: server) }
      }
    }
    return true
  }

  private func fail(_ refusal: RequestError, _ pipeline: Pipeline, at server: Server) {
    let failed = FrontierFailed(session: pipeline.session, pipeline: pipeline.name, error: refusal)
    for client in server.clients { client.push(failed, .frontier, about: pipeline.session) }
  }
}
