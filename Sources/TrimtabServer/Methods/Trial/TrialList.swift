package import JSON
internal import ModelSelection
package import Sessions

/// `trial/list`: the trials, and which checkpoints are still needed.
package enum TrialList: SessionQuery {
  package static let name = "trial/list"
  package static let purpose =
    "Lists trials with their workers, GPUs and checkpoints: after a restart the open ones, and at any time the checkpoints that nothing needs any more."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .noPool]

  package struct Params: SessionScoped {
    package let session: String
    let openOnly: Bool
    let offset: Int
    let limit: Int

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      openOnly = try reader.optional("openOnly", .bool, default: false, "Whether to leave out trials that have ended.")
      offset = try reader.optional("offset", .integer(in: 0...Int.max), default: 0, "How many trials to skip.")
      limit = try reader.optional(
        "limit", .integer(in: 1...10_000), default: 1000, "The largest number of trials to list.")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let search = try session.requireSearch()
    let piece = search.trials(openOnly: params.openOnly, offset: params.offset, limit: params.limit)
    return Answer(
      revision: session.revision, openTrialCount: search.openTrialCount, trials: piece.trials,
      nextOffset: piece.nextOffset)
  }

  package struct Answer: AnswerObject {
    let revision: Int
    let openTrialCount: Int
    let trials: [ListedTrial]
    let nextOffset: Int?

    package static let fields = Fields<Answer> {
      Field("revision", "The number of changes that the session has accepted: pieces of one revision fit together.") {
        $0.revision
      }
      Field("openTrialCount", "Open trials in all.") { $0.openTrialCount }
      Field("trials", "The trials, by number.") { $0.trials }
      Field("nextOffset", "Where the next piece begins; absent at the end.") { $0.nextOffset }
    }
  }
}

extension ListedTrial.State: FieldValue {}

extension ListedTrial: AnswerObject {
  package static let fields = Fields<ListedTrial> {
    Field("trial", "The trial's number.") { $0.trial.number }
    Field("candidate", "What it trains.") { $0.candidate }
    Field("state", "`open`, or how it ended.") { $0.state }
    Field("worker", "The worker that asked for it, where it gave its name.") { $0.worker }
    Field("gpus", "The registered GPUs that it was assigned; empty where the worker used its own.") { $0.gpus }
    Field("fromFraction", "Share of the alignment data at its start.") { $0.fromFraction }
    Field("toFraction", "Share of the alignment data at its end, as assigned.") { $0.toFraction }
    Field("phase", "Why it was assigned, as in trial/next.") { $0.phase }
    Field("lastStep", "The greatest step that it reported.") { $0.lastStep }
    Field("lastDataFraction", "Share of the alignment data at that step.") { $0.lastDataFraction }
    Field("heardSeconds", "Session time of its assignment or latest report.") { $0.heardSeconds }
    Field("expired", "True where it was lost because its lease ran out.") { $0.isExpired ? true : nil }
    Field("checkpoints", "The checkpoints that it reported, by growing step.") { $0.checkpoints }
  }
}

extension ListedTrial.Checkpoint: AnswerObject {
  package static let fields = Fields<ListedTrial.Checkpoint> {
    Field("step", "Its step.") { $0.step }
    Field("dataFraction", "Share of the alignment data that it has seen.") { $0.dataFraction }
    Field("checkpoint", "What the trial reported about where it is kept.") { $0.checkpoint }
    Field(
      "needed",
      "Whether the candidate would be resumed from it, or it is the trained candidate; other checkpoints may be deleted."
    ) {
      $0.isNeeded
    }
  }
}
