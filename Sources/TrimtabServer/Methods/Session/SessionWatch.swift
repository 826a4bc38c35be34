package import JSON
package import Sessions

/// `session/watch`: which pushes about a session a client gets.
package enum SessionWatch: Method {
  package static let name = "session/watch"
  package static let purpose =
    """
    Chooses which pushes about an open session this client gets, in place of those that session/open gives: \
    suggestion/changed, frontier/changed, frontier/failed and plan/changed. With `fromRevision` it first gets what it \
    missed since then, so that a reader that was away misses nothing. That comes from the journal where memory no \
    longer has it.
    """
  package static let refusals: [RequestError.Kind] = [.unknownSession, .revisionTooOld, .unknownRevision]

  package struct Params: SessionScoped {
    package let session: String
    let groups: [PushGroup]
    let fromRevision: Int?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      groups = try reader.optional(
        "pushes", .list(of: .choice(), count: 0...PushGroup.allCases.count), default: PushGroup.allCases,
        """
        `suggestion`: suggestion/changed. `trials`: trial/assigned and trial/ended. `search`: search/finished. `cost`: \
        cost/changed. `frontier`: frontier/changed and frontier/failed. `plans`: plan/changed.
        """
      )
      fromRevision = try reader.optional(
        "fromRevision", .integer(in: 0...Int.max),
        """
        The last revision of which the client has everything; what came after it is pushed next, but for \
        frontier/failed. By default the revision in the answer.
        """
      )
    }
  }

  package struct Answer: AnswerObject {
    let revision: Int
    let groups: [PushGroup]

    package static let fields = Fields<Answer> {
      Field.revision { $0.revision }
      Field("pushes", "The groups that this client gets from now on.") { $0.groups }
    }
  }
}
