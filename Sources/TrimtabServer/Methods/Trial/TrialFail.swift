package import JSON
internal import ModelSelection
package import Sessions

/// `trial/fail`: a trial ends otherwise than by a decision.
package enum TrialFail: InPlaceStep {
  package static let name = "trial/fail"
  package static let purpose =
    "Ends a trial that did not run to its decision, and frees its GPUs. `kind` says what happened; the search continues differently after each."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool, .unknownTrial, .trialClosed]

  package struct Params: SessionScoped {
    package let session: String
    let failure: TrialFailure

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let trial = TrialID(try reader.trial())
      let kind: TrialFailure.Kind = try reader.required(
        "kind", .choice(),
        "`failed`: training itself went wrong, and is tried again a few times; `lost`: the worker or a GPU is gone, and the candidate is assigned again from its last checkpoint, elsewhere if possible; `outOfMemory`: the candidate is not tried again on this much memory or less; `paused`: the worker is needed elsewhere, and the candidate is resumed later; `checkpointGone`: the checkpoint to resume from does not exist any more, and the candidate begins from its start."
      )
      let memory = try reader.optional(
        "memoryBytes", .integer(in: 1...Int.max),
        "Memory of each GPU that was not enough; by default that of the trial's GPUs. Only beside `outOfMemory`.")
      let message = try reader.optional("message", .text(0...4096), "What happened, for people.")
      let elapsed = try reader.elapsedSeconds()
      try reader.check(
        memory == nil || kind == .outOfMemory, "memoryBytes", expected: "nothing beside kinds other than outOfMemory")
      failure = TrialFailure(
        trial: trial, kind: kind, memoryBytes: memory, message: message, elapsedSeconds: elapsed)
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    let goesOn = try session.editSearch { (search) throws(RequestError) in try search.fail(params.failure) }
    return StepResult(
      Answer(trial: params.failure.trial.number, kind: params.failure.kind, goesOn: goesOn),
      events: session.searchEvents())
  }

  package struct Answer: AnswerObject {
    let trial: Int
    let kind: TrialFailure.Kind
    let goesOn: Bool

    package static let fields = Fields<Answer> {
      Field("trial", "The trial.") { $0.trial }
      Field("outcome", "How it ended.") { $0.kind }
      Field("goesOn", "Whether its candidate is still in the search.") { $0.goesOn }
    }
  }
}

extension TrialFailure.Kind: FieldValue {}
