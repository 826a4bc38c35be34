internal import JSON
package import JSONRPC
package import Sessions

/// The number and meaning of each refusal. Numbers are given out in order within an area and never used again.
package enum ErrorRegistry {
  package struct Entry: Sendable {
    package let kind: RequestError.Kind
    package let code: Int
    package let meaning: String
  }

  package static let entries: [Entry] = [
    Entry(kind: .unknownSession, code: 1000, meaning: "No session of this name is open."),
    Entry(kind: .unknownGPU, code: 1001, meaning: "No GPU of this id is registered in the session."),
    Entry(kind: .fileOutsideRoots, code: 1002, meaning: "A file argument is outside the roots given to initialize."),
    Entry(kind: .unreadableFile, code: 1003, meaning: "A file argument cannot be read, or is too large."),
    Entry(kind: .overloaded, code: 1004, meaning: "Too many requests or computations are waiting; try again later."),
    Entry(
      kind: .stateUnavailable, code: 1005,
      meaning: "The state directory cannot be used; nothing is kept in memory instead."),
    Entry(
      kind: .storageFailed, code: 1006,
      meaning: """
        A change was not made durable, or the session's journal cannot be read. The session is closed; session/open \
        recovers it as of its last durable change.
        """),
    Entry(
      kind: .journalUnusable, code: 1007,
      meaning: """
        The session cannot be recovered from its journal, or only as of an earlier request and then only be read. The \
        journal stays as it is; `found` says where.
        """),
    Entry(
      kind: .outcomeUnknown, code: 1008,
      meaning: """
        The process that owned the state directory ended before it answered; whether the request took effect is \
        unknown. The next requests are served by another owner.
        """),
    Entry(kind: .sessionShared, code: 1009, meaning: "Another client has the session open; `force` closes it for all."),
    Entry(kind: .unknownPipeline, code: 2000, meaning: "No pipeline of this name is defined in the session."),
    Entry(kind: .invalidPipeline, code: 2001, meaning: "The pipeline contradicts itself, or its profile."),
    Entry(
      kind: .invalidProfile, code: 2002,
      meaning: """
        A measurement cannot be right, or belongs to no instruction of the pipeline.
        """),
    Entry(kind: .incompleteProfile, code: 2003, meaning: "Some instructions of the pipeline have no measurement."),
    Entry(kind: .notCharacterized, code: 2004, meaning: "The pipeline's frontier has not been computed yet."),
    Entry(
      kind: .deadlineBelowMinimum, code: 2005,
      meaning: "No plan is that fast; `minimumTimeSeconds` in `data` is the fastest time."),
    Entry(
      kind: .objectiveOutOfReach, code: 2006,
      meaning: "No plan, or series of plans, reaches the target; `data` contains the closest reachable value."),
    Entry(kind: .unknownPlan, code: 2007, meaning: "The frontier has no plan of this number."),
    Entry(kind: .unknownRank, code: 2008, meaning: "The pipeline has no such rank, stage or replica."),
    Entry(kind: .unknownJob, code: 2009, meaning: "No pipeline of the session belongs to a job of this name."),
    Entry(
      kind: .implausibleReport, code: 2010,
      meaning: "What a report says of a pipeline's iteration cannot be right; check what was measured."),
    Entry(
      kind: .invalidPlacement, code: 2011,
      meaning: "A group of `power/allocate`, or what of a job is in it, contradicts the request or the job."),
    Entry(
      kind: .invalidPlan, code: 2012,
      meaning: "A plan does not give every instruction of the pipeline one frequency that was measured."),
    Entry(kind: .noPool, code: 3000, meaning: "The session has no pool of candidates."),
    Entry(kind: .invalidPool, code: 3001, meaning: "The pool contradicts itself or what was submitted before."),
    Entry(kind: .unknownCandidate, code: 3002, meaning: "The pool has no such encoder, language model or combination."),
    Entry(
      kind: .invalidRepresentation, code: 3003, meaning: "Representations cannot be read, or do not fit the others."),
    Entry(kind: .searchBegun, code: 3004, meaning: "This can only be set before the first trial is given out."),
    Entry(kind: .unknownTrial, code: 3005, meaning: "The session has given out no trial of this number."),
    Entry(kind: .trialClosed, code: 3006, meaning: "The trial has ended; `outcome` in `data` says how."),
    Entry(kind: .invalidReport, code: 3007, meaning: "A report on a trial cannot be right; check its units."),
    Entry(kind: .busyGPU, code: 3008, meaning: "The GPU works for another trial, which `trial` in `data` names."),
    Entry(
      kind: .candidateClosed, code: 3009,
      meaning: "The candidate has left the search; `closure` in suggestion/ranking says why."),
    Entry(
      kind: .cancelled, code: -32800,
      meaning: "The client cancelled the request, closed its session, or ended its input."),
    Entry(
      kind: .inputsChanged, code: -32801,
      meaning: """
        The inputs changed while the computation ran; send the request again.
        """),
  ]

  fileprivate static let codes = Dictionary(uniqueKeysWithValues: entries.map { ($0.kind, $0.code) })
}

extension RPCError {
  /// A refusal as the client sees it.
  package init(_ refusal: RequestError) {
    var members: [JSONObject.Member] = [
      .init(key: "kind", value: .string(refusal.kind.rawValue)), .init(key: "path", value: .string(refusal.path)),
      .init(key: "expected", value: .string(refusal.expected)), .init(key: "found", value: .string(refusal.found)),
      .init(key: "fix", value: .string(refusal.fix)),
    ]
    members += refusal.details
    self.init(
      ErrorCode(rawValue: ErrorRegistry.codes[refusal.kind] ?? ErrorCode.requestFailed.rawValue), refusal.message,
      data: .object(JSONObject(members: members)))
  }
}
