package import JSON
internal import ModelSelection
package import Sessions

/// `trial/next`: what to train next.
package enum TrialNext: InPlaceStep {
  package static let name = "trial/next"
  package static let purpose =
    "Gives a worker its next trial: which candidate, from which checkpoint, how far, on which GPUs. Any number of workers may ask at any time. A worker that asks again before its trial has ended gets the same trial again, so nothing is lost with an answer or a restart."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool, .unknownGPU, .busyGPU]

  package struct Params: SessionScoped {
    package let session: String
    let request: TrialRequest

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let worker = try reader.optional(
        "worker", .text(), "Who asks, if it wants to be known again; a worker has one trial at a time.")
      let gpus = try reader.optional(
        "gpus", .list(of: .text(), count: 1...1024),
        "Registered GPUs that the worker has. Without them idle ones are chosen, the smallest that do, where the session has registered any."
      )
      let memory = try reader.optional(
        "memoryBytes", .integer(in: 1...Int.max),
        "Memory of each GPU of a worker whose GPUs are not registered. Without it, and without GPUs, anything fits.")
      let elapsed = try reader.elapsedSeconds()
      try reader.check(
        gpus.map { Set($0).count == $0.count } ?? true, "gpus", expected: "each id once")
      try reader.check(
        gpus == nil || memory == nil, "memoryBytes", expected: "nothing beside gpus, whose memory is registered")
      request = TrialRequest(worker: worker, gpus: gpus, memoryBytes: memory, elapsedSeconds: elapsed)
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let offer = try session.editSearch { (search) throws(RequestError) in try search.next(params.request) }
    let isChange =
      switch offer {
      case .trial(_, let isRepeated): !isRepeated
      case .none: false
      }
    guard let search = session.search else { preconditionFailure("a search that gave out a trial is gone") }
    return StepResult(
      Answer(offer: offer, pool: search.pool), events: session.leaderChangeEvents(), isChange: isChange)
  }

  package struct Answer: ObjectWritable {
    let offer: TrialOffer
    let pool: CandidatePool

    package func write(to object: inout ObjectWriter) {
      switch offer {
      case .trial(let trial, let isRepeated):
        trial.write(to: &object, pool)
        object.field("repeated", isRepeated ? true : nil, "True when this worker has been given the trial before.")
      case .none(let reason):
        object.object("wait", "Instead of a trial, when there is none for this worker now.") {
          $0.field(
            "reason", reason.rawValue,
            "`noIdleGPU`; `tooLittleMemory`: no candidate that is left fits; `allAssigned`: everything worth training is being trained; `finished`: the search has ended."
          )
          $0.field("finished", reason == .finished, "Whether it is useless to ask again.")
        }
      }
    }
  }
}

extension OpenTrial {
  fileprivate func write(to object: inout ObjectWriter, _ pool: CandidatePool) {
    let samples = Double(pool.task.alignmentSampleCount)
    object.field("trial", id.number, "The trial's number in the session.")
    object.object("candidate", "What to train.") { pool.name(of: candidate).write(to: &$0) }
    object.field(
      "fromFraction", fromFraction, "Part of the alignment data that the checkpoint has seen; 0 to begin anew.")
    object.field("toFraction", toFraction, "Train up to this part of the alignment data.")
    object.field("fromSampleCount", Int((fromFraction * samples).rounded()), "The same in samples.")
    object.field("toSampleCount", Int((toFraction * samples).rounded()), "The same in samples.")
    if let resume {
      object.object("resume", "The checkpoint to go on from; absent to begin anew.") {
        $0.field("trial", resume.trial.number, "The trial that wrote it.")
        $0.field("step", resume.step, "Its step.")
        $0.field("checkpoint", resume.checkpoint, "What that trial said of where it is kept.")
      }
    }
    object.field("gpus", gpus, "The registered GPUs to train on; empty where the worker uses its own.")
    object.field("rung", rung, "How often the search has raised the amount of data for this candidate, from 0.")
    object.field(
      "phase", phase.rawValue,
      "Why this candidate now: `interCluster`, a cluster's medoid; `intraCluster`, a member of a surviving cluster; `exploration`, a look at an eliminated cluster; `speculation`, the plan has nothing for this worker, and this candidate has most to tell for its cost; `baseline`."
    )
  }
}
