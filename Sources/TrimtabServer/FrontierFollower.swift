internal import Sessions

/// Computes frontiers anew in the background, beginning from the old ones, when the profile of a pipeline changes whose client asked for that.
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

  private func compute(_ pipeline: Pipeline, at server: Server) {
    // Whoever closed the session, defined the pipeline anew, no longer follows it, or has computed it himself, wants nothing.
    guard let state = try? server.sessions.state(pipeline.session),
      let defined = state.pipelines.first(where: { $0.name == pipeline.name }),
      let origin = defined.frontierOrigin, origin.follows, origin.inputRevision != defined.inputRevision
    else { return }
    let params = FrontierCharacterize.Params(session: pipeline.session, pipeline: defined, origin: origin)
    do throws(Refusal) {
      let work = try FrontierCharacterize.prepare(params, in: state)
      running.insert(pipeline)
      server.jobs.start(nil, session: pipeline.session, title: FrontierCharacterize.name, work) { [unowned server] in
        self.finish($0, params, pipeline, at: server)
      }
    } catch {
      fail(error, pipeline, at: server)
    }
  }

  private func finish(
    _ outcome: Result<FrontierCharacterize.Product, Refusal>, _ params: FrontierCharacterize.Params,
    _ pipeline: Pipeline, at server: Server
  ) {
    running.remove(pipeline)
    let isWanted = waiting.remove(pipeline) != nil
    do throws(Refusal) {
      let product = try outcome.get()
      let accepted = try server.sessions.change(pipeline.session) { (state) throws(Refusal) in
        try FrontierCharacterize.finishUnasked(product, params, in: &state)
      }
      server.send(accepted.events, of: pipeline.session)
    } catch {
      switch error.kind {
      // Only the end of its session cancels it; nobody is left to tell.
      case .cancelled: return
      // A request of the client's own was faster, and has told.
      case .inputsChanged: break
      default: fail(error, pipeline, at: server)
      }
    }
    if isWanted { compute(pipeline, at: server) }
  }

  private func fail(_ refusal: Refusal, _ pipeline: Pipeline, at server: Server) {
    server.notify(
      FrontierFailed.name, FrontierFailed(session: pipeline.session, pipeline: pipeline.name, refusal: refusal))
  }
}
