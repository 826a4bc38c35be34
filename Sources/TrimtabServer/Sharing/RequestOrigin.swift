internal import Basics
internal import JSON
internal import JSONRPC
internal import Journal
internal import Sessions

/// Which request of which client a change was made by: what a client's process calls itself, and the number that it
/// gave the request. A request that is sent again to another owner keeps its key.
struct RequestKey: Hashable, Sendable {
  let client: String
  let number: Int
}

/// What a connection knows of a request that another process has passed on.
struct RequestOrigin: Sendable {
  /// The file that it names.
  var files: FileAccess?
  var key: RequestKey?
  /// Whether an earlier owner may have carried it out.
  var isRepeated = false
}

extension Call {
  var origin: RequestOrigin? {
    get { attachment as? RequestOrigin }
    set { attachment = newValue }
  }
}

/// What requests were answered that a session's journal keeps, for clients that send them again since the owner ended
/// before they had the answer.
struct RecordedAnswers: Sendable {
  /// How many of a journal's last records are answered again as they are applied. What an owner owed an answer for is
  /// mostly among its last; for the others the journal is replayed once more.
  static let lastRecordCount = 4096

  /// Which answers are kept.
  enum Wanted: Sendable {
    case none
    case last
    /// Those of the requests of these keys.
    case of(Set<RequestKey>)
  }

  private(set) var answers: [RequestKey: WrittenAnswer] = [:]
  /// By client, the greatest number of a request that is in the journal and has no answer here.
  private(set) var unanswered: [String: Int] = [:]
  /// What opened the session.
  var opening: RequestKey?

  mutating func note(_ key: RequestKey, _ answer: WrittenAnswer?) {
    if let answer {
      answers[key] = answer
    } else {
      unanswered[key.client] = max(unanswered[key.client] ?? 0, key.number)
    }
  }

  /// Adds the answers of a replay for one client, after which it has all.
  mutating func add(_ others: RecordedAnswers, of client: String) {
    answers.merge(others.answers) { _, new in new }
    unanswered[client] = nil
  }

  /// Whether the journal may have a request that has no answer here.
  func mayLack(_ key: RequestKey) -> Bool {
    answers[key] == nil && key.number <= unanswered[key.client] ?? -1
  }
}

/// An answer as it was given, with the warnings about the request as it comes again.
struct RepeatedAnswer: ObjectWritable {
  let answer: WrittenAnswer
  let unknown: UnknownFields

  func write(to object: inout ObjectWriter) {
    answer.write(to: &object)
    Warnings(unknown: unknown).write(to: &object)
  }
}

// Requests that clients send again because the owner ended: what the journal has is answered from it, and everything
// else is carried out.
extension Server {
  /// Answers a request again that the journal of its session has; false where it has not, and is to be carried out.
  func answersAgain(
    _ call: Call, _ key: RequestKey, of client: ClientConnection, in session: String, _ route: Route
  ) -> Bool {
    let name = ExactString(session)
    if route.name == SessionClose.name, !sessions.contains(session), let journals, !journals.isStored(name),
      journals.directory.hasUsed(name)
    {
      call.answer(WarnedAnswer(answer: SessionClose.Answer(), unknown: route.unknownFields(call.params)))
      return true
    }
    guard let recorded = recordedAnswers[name] else { return false }
    if let answer = recorded.answers[key] {
      call.answer(RepeatedAnswer(answer: answer, unknown: route.unknownFields(call.params)))
      return true
    }
    guard recorded.mayLack(key), let directory = journals?.directory else { return false }
    call.keepsParams = true
    lanes.occupy(session)
    let wanted = RecordedAnswers.Wanted.of(client.repeated.keys)
    computations.start(call, session: session, title: route.name, isShort: true) { (_) throws(RequestError) in
      try Replay.run(session, in: directory, answering: wanted)?.replay.answers ?? RecordedAnswers()
    } finish: { [unowned self] outcome in
      lanes.endUse(session)
      switch outcome {
      case .success(let answers):
        recordedAnswers[name]?.add(answers, of: key.client)
        client.serve(call, route)
      case .failure(let error): call.fail(RPCError(error.kind == .cancelled ? error : .unknownOutcome))
      }
      call.keepsParams = false
      // Serving it may use the session again, and then frees it.
      if !lanes.isInUse(session) { freeLane(session) }
    }
    return true
  }

  /// The session that a request without a name opened, where a journal has it.
  func nameOpened(by key: RequestKey) -> String? {
    guard let directory = journals?.directory else { return nil }
    return directory.storedNames.first { name in
      guard var reader = try? directory.reader(of: name), let first = try? reader.next() else { return false }
      return ChangeRecord(first)?.key == key
    }?.text
  }
}

extension RequestError {
  /// Of a change that an owner may have made which ended, where that cannot be found out.
  static let unknownOutcome = RequestError(
    .outcomeUnknown, expected: "an owner of the state directory that answers",
    found: "one that ended before it did",
    fix: "look whether the change was made (session/list has revisions), and send the request again where it was not")
}
