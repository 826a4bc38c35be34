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

  /// Ordered by number; the standard's own, which are negative, come last.
  package static let entries = RequestError.Kind.allCases.map { kind in
    let (code, meaning) = row(of: kind)
    return Entry(kind: kind, code: code, meaning: meaning)
  }.sorted { ($0.code < 0 ? 1 : 0, $0.code.magnitude) < ($1.code < 0 ? 1 : 0, $1.code.magnitude) }

  /// A kind without a row does not compile.
  fileprivate static func row(of kind: RequestError.Kind) -> (code: Int, meaning: String) {
    switch kind {
    case .unknownSession: (1000, "No session of this name is open.")
    case .unknownGPU: (1001, "No GPU of this id is registered in the session.")
    case .fileOutsideRoots: (1002, "A file argument is outside the roots given to initialize.")
    case .unreadableFile: (1003, "A file argument cannot be read, or is too large.")
    case .overloaded: (1004, "Too many requests or computations are waiting; try again later.")
    case .stateUnavailable: (1005, "The state directory cannot be used; nothing is kept in memory instead.")
    case .storageFailed:
      (
        1006,
        """
        A change was not made durable, or the session's journal cannot be read. The session is closed; \
        session/open recovers it as of its last durable change.
        """
      )
    case .journalUnusable:
      (
        1007,
        """
        The session cannot be recovered from its journal, or only as of an earlier request and then only be read. The \
        journal stays as it is; `found` says where.
        """
      )
    case .outcomeUnknown:
      (
        1008,
        """
        The process that owned the state directory ended before it answered; whether the request took effect is \
        unknown. The next requests are served by another owner.
        """
      )
    case .sessionShared: (1009, "Another client has the session open; `force` closes it for all.")
    case .revisionTooOld:
      (
        1010,
        "What happened since that revision is not known any more; `revision` in `data` is the oldest to begin from."
      )
    case .unknownRevision:
      (1011, "The session has not come to that revision; it may be another session of the same name.")
    case .readOnly: (1012, "This process was started with `--read-only` and changes nothing.")
    case .unknownPipeline: (2000, "No pipeline of this name is defined in the session.")
    case .invalidPipeline: (2001, "The pipeline contradicts itself, or its profile.")
    case .invalidProfile: (2002, "A measurement cannot be right, or belongs to no instruction of the pipeline.")
    case .incompleteProfile: (2003, "Some instructions of the pipeline have no measurement.")
    case .notCharacterized: (2004, "The pipeline's frontier has not been computed yet.")
    case .deadlineBelowMinimum: (2005, "No plan is that fast; `minimumTimeSeconds` in `data` is the fastest time.")
    case .objectiveOutOfReach:
      (2006, "No plan, or series of plans, reaches the target; `data` contains the closest reachable value.")
    case .unknownPlan: (2007, "The frontier has no plan of this number.")
    case .unknownRank: (2008, "The pipeline has no such rank, stage or replica.")
    case .unknownJob: (2009, "No pipeline of the session belongs to a job of this name.")
    case .implausibleReport:
      (2010, "What a report says of a pipeline's iteration cannot be right; check what was measured.")
    case .invalidPlacement:
      (2011, "A group of `power/allocate`, or what of a job is in it, contradicts the request or the job.")
    case .invalidPlan: (2012, "A plan does not give every instruction of the pipeline one frequency that was measured.")
    case .noPool: (3000, "The session has no pool of candidates.")
    case .invalidPool: (3001, "The pool contradicts itself or what was submitted before.")
    case .unknownCandidate: (3002, "The pool has no such encoder, language model or combination.")
    case .invalidRepresentation: (3003, "Representations cannot be read, or do not fit the others.")
    case .searchBegun: (3004, "This can only be set before the first trial is given out.")
    case .unknownTrial: (3005, "The session has given out no trial of this number.")
    case .trialClosed: (3006, "The trial has ended; `outcome` in `data` says how.")
    case .invalidReport: (3007, "A report on a trial cannot be right; check its units.")
    case .busyGPU: (3008, "The GPU works for another trial, which `trial` in `data` names.")
    case .candidateClosed: (3009, "The candidate has left the search; `closure` in suggestion/ranking says why.")
    case .cancelled: (-32800, "The client cancelled the request, closed its session, or ended its input.")
    case .inputsChanged: (-32801, "The inputs changed while the computation ran; send the request again.")
    }
  }
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
      ErrorCode(rawValue: ErrorRegistry.row(of: refusal.kind).code), refusal.message,
      data: .object(JSONObject(members: members)))
  }
}
