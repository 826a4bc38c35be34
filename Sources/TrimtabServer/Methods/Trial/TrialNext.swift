internal import Basics
package import JSON
internal import ModelSelection
package import Sessions

/// `trial/next`: what to train next.
package enum TrialNext: InPlaceStep {
  package static let name = "trial/next"
  package static let purpose =
    "Gives a worker its next trial: which candidate, from which checkpoint, how far, on which GPUs. Any number of workers may ask at any time. A worker that asks again before its trial has ended gets the same trial again, from the last checkpoint that it reported, so a restarted worker loses no saved work."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool, .unknownGPU, .busyGPU]

  package struct Params: SessionScoped {
    package let session: String
    let request: TrialRequest

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let worker = try reader.optional(
        "worker", .text(), "The worker's name; a worker with a name has one trial at a time.")
      let gpus = try reader.optional(
        "gpus", .list(of: .text(), count: 1...1024),
        "Registered GPUs of the worker. Without them the session chooses idle ones, the smallest that suffice, where it has any."
      )
      let memory = try reader.optional(
        "memoryBytes", .integer(in: 1...Int.max),
        "Memory of each GPU of a worker whose GPUs are not registered. Without it, and without GPUs, every candidate fits."
      )
      let elapsed = try reader.elapsedSeconds()
      try reader.check(
        gpus.map { Set($0).count == $0.count } ?? true, "gpus", expected: "each id once")
      try reader.check(
        gpus == nil || memory == nil, "memoryBytes", expected: "nothing beside gpus, whose memory is registered")
      request = TrialRequest(worker: worker, gpus: gpus, memoryBytes: memory, elapsedSeconds: elapsed)
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  { try apply(params, replaying: nil, to: &session) }

  package static func apply(
    _ params: Params, giving given: JSON, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    let candidate = given["candidate"]
    guard let fraction = given["toFraction"]?.doubleValue, let encoder = candidate?["encoder"]?.stringValue?.text,
      let languageModel = candidate?["languageModel"]?.stringValue?.text
    else { return try apply(params, replaying: nil, to: &session) }
    let name = CandidateName(
      encoder: encoder, projector: candidate?["projector"]?.stringValue?.text, languageModel: languageModel)
    return try apply(params, replaying: GivenTrial(candidate: name, toFraction: fraction), to: &session)
  }

  private static func apply(
    _ params: Params, replaying known: GivenTrial?, to session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    let openCount = session.search?.openTrialCount
    let (offer, isOtherwise) = try session.editSearch { (search) throws(RequestError) in
      try search.next(params.request, replaying: known)
    }
    let answer = Answer(offer)
    let events = session.searchEvents()
    // Without a trial a request may still end trials whose leases ran out, or by the time the search itself.
    let isChange =
      answer.trial.map { _ in !answer.isRepeated } ?? (session.search?.openTrialCount != openCount || !events.isEmpty)
    return StepResult(answer, events: events, isChange: isChange, isOtherwise: isOtherwise)
  }

  package static func given(by answer: Answer) -> JSON? {
    guard let trial = answer.trial, !answer.isRepeated else { return nil }
    var members: [JSONObject.Member] = [
      .init(key: "trial", value: .integer(Int64(trial.id.number))),
      .init(key: "toFraction", value: .number(trial.toFraction)),
    ]
    var writer = ObjectWriter()
    writer.braced { trial.candidate.write(to: &$0) }
    if let candidate = try? writer.json.bytes.withUnsafeBytes({ try JSON.parse($0, maximumDepth: 8) }) {
      members.append(.init(key: "candidate", value: candidate))
    }
    return .object(JSONObject(members: members))
  }

  package struct Answer: AnswerObject {
    let trial: OpenTrial?
    let isRepeated: Bool
    let wait: Wait?

    init(_ offer: TrialOffer) {
      switch offer {
      case .trial(let trial, let isRepeated): (self.trial, self.isRepeated, wait) = (trial, isRepeated, nil)
      case .none(let reason, let seconds):
        (trial, isRepeated, wait) = (nil, false, Wait(reason: reason, retryAfterSeconds: seconds))
      }
    }

    package static let fields = Fields<Answer> {
      Field.inline { $0.trial }
      Field("repeated", "True where this worker was given the trial before.") { $0.isRepeated ? true : nil }
      Field("wait", "In place of a trial, when there is none for this worker now.") { $0.wait }
    }
  }

  struct Wait: AnswerObject {
    let reason: TrialOffer.WaitReason
    let retryAfterSeconds: Double?

    static let fields = Fields<Wait> {
      Field(
        "reason",
        "`noIdleGPU`; `tooLittleMemory`: every candidate that is left needs more memory; `allAssigned`: everything worth training is being trained; `nodeSetAside`: the worker's node has lost its last trials, and waits until `retryAfterSeconds` or until gpu/register; `finished`: the search has ended."
      ) { $0.reason }
      Field("finished", "Whether asking again is useless, unless the pool, the fleet or the budget changes.") {
        $0.reason == .finished
      }
      Field("retryAfterSeconds", "When the node may get a trial again, in session time from now.") {
        $0.retryAfterSeconds
      }
    }
  }
}

extension TrialOffer.WaitReason: FieldValue {}
extension SearchPhase: FieldValue {}

extension OpenTrial: AnswerObject {
  package static let fields = Fields<OpenTrial> {
    Field("trial", "The trial's number in the session.") { $0.id.number }
    Field("candidate", "What to train.") { $0.candidate }
    Field("fromFraction", "Share of the alignment data that the checkpoint has seen; 0 without a checkpoint.") {
      $0.fromFraction
    }
    Field("toFraction", "Train up to this share of the alignment data.") { $0.toFraction }
    Field("fromSampleCount", "The same as fromFraction in samples.") { $0.fromSampleCount }
    Field("toSampleCount", "The same as toFraction in samples.") { $0.toSampleCount }
    Field("resume", "The checkpoint to resume from; absent when training begins from the start.") { $0.resume }
    Field(
      "held",
      "True where the worker's last trial ended here and the search counts on it to go on with what it has loaded; absent where nothing is known of what starts take."
    ) { $0.isHeld ? true : nil }
    Field("gpus", "The registered GPUs to train on; empty where the worker uses its own.") { $0.gpus }
    Field(
      "seed",
      "How often the candidate was trained before from the start: draw the randomness of this training by it. Absent for the first training."
    ) { $0.seed > 0 ? $0.seed : nil }
    Field("rung", "How often the search has raised the amount of data for this candidate, from 0.") { $0.rung }
    Field(
      "phase",
      "Why this candidate: `interCluster`, a cluster's medoid; `intraCluster`, a member of a surviving cluster; `exploration`, a member of an eliminated cluster; `speculation`, the step of highest expected improvement for its cost; `baseline`, the strategy's own order; `requested`, by candidate/advance; `repetition`, a finished candidate with another seed, because its score is noisy."
    ) { $0.phase }
  }
}

extension OpenTrial.ResumePoint: AnswerObject {
  package static let fields = Fields<OpenTrial.ResumePoint> {
    Field("trial", "The trial that wrote it.") { $0.trial.number }
    Field("step", "Its step.") { $0.step }
    Field("checkpoint", "What that trial reported about where it is kept.") { $0.checkpoint }
  }
}
