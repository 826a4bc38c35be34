package import JSON
package import Sessions

/// `session/list`: what is open.
package enum SessionList: StoreQuery {
  package static let name = "session/list"
  package static let purpose = "Lists the open sessions in the order in which they were opened."
  package static let refusals: [RequestError.Kind] = []

  package struct Params: ObjectReadable {
    package init(from reader: inout ObjectReader) throws(InvalidField) {}
  }

  package struct Answer: AnswerObject {
    let sessions: [SessionSummary]
    let stored: [String]?

    package static let fields = Fields<Answer> {
      Field("sessions", "The open sessions.") { $0.sessions }
      Field(
        "stored",
        """
        Sessions of the state directory that are not open, by name; session/open recovers one. Absent without a state \
        directory.
        """
      ) { $0.stored }
    }
  }

  package static func answer(
    _ params: Params, _ store: SessionStore, stored: [String]?
  ) throws(RequestError) -> Answer {
    Answer(sessions: store.summaries, stored: stored)
  }
}

extension SessionSummary: AnswerObject {
  package static let fields = Fields<SessionSummary> {
    Field("session", "The session's name.") { $0.name }
    Field.revision { $0.revision }
    Field("gpuCount", "Registered GPUs.") { $0.gpuCount }
    Field("pipelines", "Defined pipelines, in the order of definition.") { $0.pipelines }
  }
}
