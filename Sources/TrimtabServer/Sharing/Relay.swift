internal import Basics
internal import Files
internal import JSON
internal import JSONRPC
internal import Sessions

/// Serves the client of a process that has joined the owner of a state directory: requests go to the owner, and what
/// comes back goes to the client.
///
/// The lifecycle, ids, cancellation and batches of the client stay with its own peer; between the processes requests
/// have numbers. Files that a request names are opened here, below the client's roots and with the client's rights, and
/// their descriptors go with it.
final class Relay: PeerHandler {
  /// What is for the next owner.
  private enum Waiting {
    /// - Parameter number: that by which an earlier owner knew it.
    case call(Call, number: Int?)
    case notification(ExactString, JSON?)
  }

  /// The client that is served; if this process becomes the owner, its connection takes over.
  private let client: ClientConnection
  /// As the client sent it, but for what only concerns this process.
  private let initialize: JSON
  private let roots: FileRoots
  /// Nil while there is no owner; requests then wait.
  private var link: MessageLink?
  /// Tells this process's client from others, for all owners that it has.
  private let key = String(UInt64.random(in: 0..<1 << 48), radix: 36)
  /// What the owner calls itself.
  private var owner: String?
  /// Requests that the owner has not answered, by number.
  private var pending: [Int: Call] = [:]
  /// Requests of this process's own that the owner has not answered; their numbers are those of all that is sent.
  private var asked = NumberedRequests<(Result<JSON, RPCError>) -> Void>()
  /// Reports that came as notifications and that the owner has not decided, with numbers as requests have them.
  private var undecided = UndecidedReports()
  private var waiting: [Waiting] = []
  /// The number of `$/join`, until it is answered.
  private var joining: Int?
  /// The sessions that the client has opened.
  private var held: HeldSessions
  private(set) var isInitialized: Bool
  private var hasShutDown = false
  /// Called when the owner has ended, with the link that led to it.
  var lost: (MessageLink) -> Void = { _ in }
  /// Called when the owner will not have this process, with the link that led to it.
  var refused: (MessageLink) -> Void = { _ in }

  /// - Parameter sessions: those of a client that is initialized; nil where it is not.
  init(_ client: ClientConnection, initialize: JSON?, roots: [String], sessions: [HeldSession]? = nil) {
    self.client = client
    held = HeldSessions(sessions ?? [])
    isInitialized = sessions != nil
    self.roots = FileRoots(roots)
    let local: Set<ExactString> = ["processId", "trace", "stateDirectory"]
    let members = initialize?.objectValue?.members.filter { !local.contains($0.key) } ?? []
    if let params = try? Initialize.Params(reading: initialize) {
      if let processID = params.processID { client.watchParent(Int32(processID)) }
      if sessions == nil, let level = params.trace.flatMap(TraceLevel.init(named:)) { client.peer.trace = level }
      client.editor.begin(params)
    }
    self.initialize = JSON.object(JSONObject(members: members)).detached
    client.peer.handler = self
  }

  // MARK: The owner

  /// Sends requests to an owner from now on, and first those that wait.
  func join(_ link: MessageLink) {
    self.link = link
    link.hasRoom = { [peer = client.peer] in peer.output.count < peer.options.maximumBacklogBytes }
    link.receive = { [unowned self] in receive($0) }
    link.end = { [unowned self] in ownerEnded() }
    let number = asked.nextNumber()
    joining = number
    var params: [JSONObject.Member] = [
      .init(key: "version", value: .string(Version.program)), .init(key: "readOnly", value: .bool(client.isReadOnly)),
      .init(key: "client", value: .string(key)), .init(key: "owner", value: owner.map { .string($0) } ?? .null),
      .init(key: "pending", value: .array(waitingNumbers.map { .integer(Int64($0)) })),
    ]
    if isInitialized {
      params.append(.init(key: "initialize", value: initialize))
      params.append(.init(key: "sessions", value: .array(held.all.map(\.json))))
    }
    link.send(GuestMessages.join, .object(JSONObject(members: params)), number: number)
    handleWaiting(by: self)
  }

  /// Has the client's own connection go on, now that this process is the owner.
  func leave() {
    client.peer.handler = client
    if isInitialized {
      let repeated = Set(waitingNumbers.map { RequestKey(client: key, number: $0) })
      client.resume(initialize, sessions: held.all, hasShutDown: hasShutDown, repeating: repeated)
    }
    handleWaiting(by: client)
    client.editor.ownerChanged()
  }

  /// Answers what waits with an error, as there is no owner.
  func refuseWaiting(_ error: RPCError) {
    let refused = waiting
    waiting = []
    for message in refused {
      switch message {
      case .call(let call, _): if !call.isAnswered { call.fail(error) }
      case .notification(let method, let params):
        // Of the others nothing is said, as an owner says nothing of them.
        guard method == ExactString(TrialUpdate.name) else { continue }
        client.notify(TrialUpdate.event(for: .failure(error), params, UnknownFields()))
      }
    }
  }

  /// Waits until what was sent has gone to the owner, for at most `seconds`.
  func drain(seconds: Double) { link?.drain(seconds: seconds) }

  /// The numbers of requests that an earlier owner may have carried out.
  private var waitingNumbers: [Int] {
    waiting.compactMap { waiting in if case .call(_, let number) = waiting { number } else { nil } }
  }

  private func handleWaiting(by handler: any PeerHandler) {
    let taken = waiting
    waiting = []
    for message in taken {
      switch message {
      // One that was cancelled has been answered.
      case .call(let call, _) where call.isAnswered: break
      case .call(let call, let number):
        call.onCancel = nil
        if let number { call.origin = RequestOrigin(key: RequestKey(client: key, number: number), isRepeated: true) }
        handler.handle(call)
      case .notification(let method, let params): handler.handle(notification: method, params: params)
      }
    }
  }

  private func ownerEnded() {
    guard let ended = link else { return }
    link = nil
    joining = nil
    let (calls, reports, questions) = (pending, undecided.takeAll(), asked.takeAll())
    pending = [:]
    for number in (Array(calls.keys) + Array(reports.keys)).sorted() {
      if let params = reports[number] { waiting.append(.notification(ExactString(TrialUpdate.name), params)) }
      // The next owner finds out whether it was carried out.
      if let call = calls[number], !call.isAnswered { wait(call, number: number) }
    }
    for done in questions { done(.failure(Self.noOwner)) }
    lost(ended)
  }

  /// Asks the owner something on behalf of this process; fails where there is none, and when it ends.
  func ask(_ method: String, _ params: JSON, done: @escaping (Result<JSON, RPCError>) -> Void) {
    guard let link else { return done(.failure(Self.noOwner)) }
    link.send(method, params, number: asked.add(done))
  }

  private static let noOwner = RPCError(
    RequestError(.stateUnavailable, expected: "an owner of the state directory", found: "none", fix: "ask again"))

  private func wait(_ call: Call, number: Int? = nil) {
    call.onCancel = { [unowned call] in call.fail(RPCError(RequestError.cancelled)) }
    waiting.append(.call(call, number: number))
  }

  // MARK: The client

  func handle(_ call: Call) {
    // The documents are here. Before `initialize` and after `shutdown` the owner refuses as it does any request.
    if isInitialized, !hasShutDown, let route = client.server.routes[call.method], route.isLocal {
      return route.serve(client, call)
    }
    call.keepsParams = true
    guard pending.count + waiting.count < Limits.waitingRequests else {
      return call.fail(
        RPCError(
          RequestError(
            .overloaded, expected: "at most \(Limits.waitingRequests) requests without an answer", found: "as many",
            fix: "wait for an answer and ask again")))
    }
    guard let link else { return wait(call) }
    let number = call.origin?.key?.number ?? asked.nextNumber()
    pending[number] = call
    if call.method == ExactString(Shutdown.name) {
      hasShutDown = true
      client.editor.end()
    }
    if let field = Route.fileFields[call.method], let reference = call.params?[field]?.stringValue?.text {
      send(file: reference, over: link)
    }
    let params = call.method == ExactString(Initialize.name) ? initialize : call.params
    link.send(call.method.text, params, number: number)
    call.onCancel = { [weak link] in
      link?.send("$/cancelRequest", ["id": .integer(Int64(number))])
    }
  }

  func takesHalfPairs(in notification: ExactString) -> Bool { client.takesHalfPairs(in: notification) }

  func handle(notification method: ExactString, params: JSON?) {
    if method == ExactString(Exit.name) { return client.end(hasShutDown ? 0 : 1) }
    guard !hasShutDown else { return }
    if let take = NotificationEntry.editor[method] {
      if isInitialized { take(client, params) }
      return
    }
    guard let link else { return waiting.append(.notification(method, params?.detached)) }
    if method == ExactString(TrialUpdate.name), let params, undecided.count < Limits.waitingRequests {
      undecided.append(params.detached, number: asked.nextNumber())
    }
    link.send(method.text, params)
  }

  /// Opens a file for a request that follows, and sends it or why it cannot be opened.
  private func send(file reference: String, over link: MessageLink) {
    var members: [JSONObject.Member] = [.init(key: "reference", value: .string(reference))]
    var descriptor: Int32?
    do throws(FileError) {
      let file = try roots.open(reference)
      descriptor = try file.duplicate()
      members.append(.init(key: "path", value: .string(file.path)))
    } catch {
      members.append(.init(key: "kind", value: .string(error.kind.rawValue)))
      members.append(.init(key: "found", value: .string(error.found)))
    }
    link.send(GuestMessages.file, .object(JSONObject(members: members)), file: descriptor)
  }

  // MARK: What comes back

  private func receive(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let answer = WrittenMessage(bytes) else {
      if Self.isNotification(bytes, WorkDoneProgress.name) { return passOnProgress(bytes) }
      if Self.isNotification(bytes, SessionViewChanged.name) { return passOnChange(bytes) }
      held.note(notification: bytes)
      if undecided.count > 0 { noteDecision(bytes) }
      return client.peer.send(written: Array(bytes))
    }
    if answer.number == joining {
      joining = nil
      if answer.isError { return refuse(answer.text) }
      owner = (try? JSON.parse(answer.text))?["owner"]?.stringValue?.text
      return client.editor.ownerChanged()
    }
    if let done = asked.take(answer.number) {
      let json = (try? JSON.parse(answer.text)) ?? .null
      return done(answer.isError ? .failure(RPCError(answered: json)) : .success(json))
    }
    guard let call = pending.removeValue(forKey: answer.number), !call.isAnswered else { return }
    if !answer.isError { note(call, answer.text) }
    call.answer(written: answer.text, isError: answer.isError)
  }

  /// Forgets the report that a notification decides.
  private func noteDecision(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard Self.isNotification(bytes, TrialDecided.name), let decided = (try? JSON.parse(Array(bytes)))?["params"] else {
      return
    }
    undecided.decide(decided)
  }

  private static func isNotification(_ bytes: UnsafeBufferPointer<UInt8>, _ method: String) -> Bool {
    bytes.starts(with: "{\"jsonrpc\":\"2.0\",\"method\":\"\(method)\"".utf8)
  }

  /// Has the client's documents show a session as it is now.
  private func passOnChange(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let params = (try? JSON.parse(Array(bytes)))?["params"], let name = params.objectValue?.sessionName else {
      return
    }
    client.editor.sessionChanged(name)
  }

  /// Passes progress on through the reporter of its call, so that it has one beginning and one end also where the
  /// request is sent to a second owner.
  private func passOnProgress(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let params = (try? JSON.parse(Array(bytes)))?["params"], let token = params["token"].flatMap(RequestID.init),
      let value = params["value"], let call = pending.values.first(where: { $0.workDoneToken == token })
    else { return }
    let (percentage, message) = (value["percentage"]?.integerValue, value["message"]?.stringValue?.text)
    switch value["kind"]?.stringValue?.text {
    case WorkDoneProgress.Kind.begin.rawValue:
      call.progress.begin(title: value["title"]?.stringValue?.text ?? call.method.text, percentage: percentage)
    case WorkDoneProgress.Kind.report.rawValue:
      call.progress.report(percentage: percentage ?? 0, message: message)
    // It ends with the answer.
    default: break
    }
  }

  /// Notes what an answer tells of the client's state.
  private func note(_ call: Call, _ text: [UInt8]) {
    if call.method == ExactString(Initialize.name) { isInitialized = true }
    held.note(call.method, call.params, answer: text)
  }

  /// The owner will not have this process.
  private func refuse(_ error: [UInt8]) {
    for (_, call) in pending.sorted(by: { $0.key < $1.key }) where !call.isAnswered {
      call.answer(written: error, isError: true)
    }
    let questions = asked.takeAll()
    pending = [:]
    for done in questions { done(.failure(RPCError(answered: (try? JSON.parse(error)) ?? .null))) }
    guard let ended = link else { return }
    link = nil
    refused(ended)
  }
}

/// An answer as the owner's peer writes it, which is taken apart without being parsed.
private struct WrittenMessage {
  let number: Int
  let isError: Bool
  /// Of the result or the error.
  let text: [UInt8]

  /// Nil for a notification.
  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    let prefix = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
    guard bytes.starts(with: prefix) else { return nil }
    var place = prefix.count
    var number = 0
    while place < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) {
      number = number * 10 + Int(bytes[place] - UInt8(ascii: "0"))
      place += 1
    }
    let (result, error) = (Array(",\"result\":".utf8), Array(",\"error\":".utf8))
    let rest = bytes[place...]
    isError = rest.starts(with: error)
    guard isError || rest.starts(with: result) else { return nil }
    self.number = number
    text = Array(rest.dropFirst(isError ? error.count : result.count).dropLast())
  }
}
