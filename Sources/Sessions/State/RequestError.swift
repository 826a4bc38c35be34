package import JSON

/// Why a request was not carried out, though it was well formed; nothing has changed.
package struct RequestError: Error, Sendable {
  /// What a program may switch on.
  package enum Kind: String, Sendable, CaseIterable {
    case unknownSession, unknownGPU, fileOutsideRoots, unreadableFile, overloaded
    case unknownPipeline, invalidPipeline, invalidProfile, incompleteProfile, notCharacterized
    case deadlineBelowMinimum, objectiveOutOfReach, unknownPlan, invalidPlan
    case unknownRank, unknownJob, implausibleReport, invalidPlacement
    case noPool, invalidPool, unknownCandidate, candidateClosed, invalidRepresentation, searchBegun
    case unknownTrial, trialClosed, invalidReport, busyGPU
    case stateUnavailable, storageFailed, journalUnusable, outcomeUnknown, sessionShared
    case revisionTooOld, unknownRevision, readOnly
    case inputsChanged, cancelled
  }

  package var kind: Kind
  /// Where in the params the offence is, such as `rows[3].timeSeconds`; empty when it is the request as a whole.
  package var path: String
  package var expected: String
  package var found: String
  /// How to mend it, in one sentence.
  package var fix: String
  /// Further facts a program may use, such as the least deadline.
  package var details: [JSONObject.Member]

  package init(
    _ kind: Kind, path: String = "", expected: String, found: String, fix: String, details: [JSONObject.Member] = []
  ) {
    self.kind = kind
    self.path = path
    self.expected = expected
    self.found = found
    self.fix = fix
    self.details = details
  }

  /// One plain sentence for a person.
  package var message: String {
    let place = path.isEmpty ? "" : "\(path): "
    return "\(place)expected \(expected), found \(found); \(fix)"
  }
}
