package import JSON
package import Sessions

/// `session/open`: begins a session.
package enum SessionOpen: Method {
  package static let name = "session/open"
  package static let purpose =
    """
    Opens a session, which holds GPUs, profiles, pipelines and frontiers. The name of an open session resumes it, and so \
    does that of a session in the state directory, which is recovered from its journal first.
    """
  package static let refusals: [RequestError.Kind] = [.storageFailed, .journalUnusable]

  package struct Params: ObjectReadable {
    let session: String?
    let seed: Int

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.optional("session", .text(), "The session's name; by default the server chooses one.")
      seed = try reader.optional(
        "seed", .integer(in: 0...Int.max), default: 0,
        "The seed of all randomness in the session, so that answers can be repeated.")
    }
  }

  package struct Answer: AnswerObject {
    let session: SessionSummary
    let isResumed: Bool
    let durability: Durability
    let readOnlyReason: String?
    let difference: String?

    package static let fields = Fields<Answer> {
      Field("session", "The session's name, for all further requests.") { $0.session.name }
      Field.revision { $0.session.revision }
      Field("resumed", "Whether the session was open already, or was recovered from its journal.") { $0.isResumed }
      Field(
        "durability",
        """
        `memory`: the session ends with the process. `journal`: every answer that shows a change leaves after the \
        change is on disk.
        """
      ) { $0.durability }
      Field(
        "readOnly",
        """
        Why the session can only be read: its journal has a request that this version does not apply as it was applied, \
        or at which the process has ended again and again. The session is as of the request before that. Absent where it \
        can be changed.
        """
      ) { $0.readOnlyReason }
      Field(
        "difference",
        """
        The first request in the journal of which this version would have made something else, such as another trial. \
        The session goes on with what was given out. Absent where there is none.
        """
      ) { $0.difference }
    }
  }
}
