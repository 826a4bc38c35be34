package import Basics
package import JSON
package import JSONRPC
internal import TrimtabServer

/// Serves assistants by the Model Context Protocol: tools and resources on the sessions of this process, or of the
/// state directory that it takes part in.
///
/// It has no state of its own but what is under way, and the results of long tasks. A tool is a few requests of our
/// protocol, so that the two can never disagree; what a request refuses, the tool tells the assistant as its result.
package final class MCPServer: PeerHandler {
  private let peer: Peer
  private let conversation: Conversation
  private let isReadOnly: Bool
  /// Tools by name.
  private let tools: [ExactString: Tool]
  /// The requests under way, with what cancels each.
  private var running: [RequestID: () -> Void] = [:]
  private var tasks = LongTasks()
  /// Sessions that the server has been asked to open.
  private var opened: Set<ExactString> = []
  private var hasShakenHands = false

  /// - Parameter link: to the server; it is initialized here.
  /// - Parameter roots: folders below which the tools may read files.
  package init(_ peer: Peer, over link: MessageLink, roots: [String], isReadOnly: Bool) {
    (self.peer, self.isReadOnly) = (peer, isReadOnly)
    conversation = Conversation(link)
    tools = Dictionary(
      uniqueKeysWithValues: Tool.all.filter { !isReadOnly || $0.effect == .reads }.map { (ExactString($0.name), $0) })
    let params: [JSONObject.Member] = [
      .init(key: "clientInfo", value: ["name": "trimtab mcp", "version": .string(Version.program)]),
      .init(key: "roots", value: .array(roots.map(JSON.string))),
    ]
    conversation.send("initialize", params) { [conversation] outcome in
      guard case .failure(let refused) = outcome else { return conversation.notify("initialized") }
      // Each call will be refused as well; here is where its reason is known.
      logToStandardError("trimtab mcp: \(refused.message)")
    }
  }

  package func handle(_ call: Call) {
    let params = call.params
    let era: Era
    if let version = Era.version(of: params) {
      guard Era.statelessVersions.contains(version) else { return call.fail(Era.unsupported(version)) }
      era = .stateless
    } else {
      era = .handshake
    }
    let reply = Reply(call, era)
    switch (call.method, era) {
    case ("initialize", .handshake): initialize(params, reply)
    case ("ping", .handshake): reply.answer([])
    case ("server/discover", .stateless): discover(reply)
    case (_, .handshake) where !hasShakenHands:
      call.fail(RPCError(.invalidRequest, "Invalid Request: expected initialize first, or a protocol version in _meta"))
    case ("tools/list", _):
      let listed = Tool.all.filter { tools[ExactString($0.name)] != nil }.map(\.listed)
      reply.answer([member("tools", .array(listed))], isCacheable: true)
    case ("tools/call", _): callTool(params, reply)
    case ("resources/list", _): listResources(reply)
    case ("resources/templates/list", _):
      reply.answer([member("resourceTemplates", Resource.templates)], isCacheable: true)
    case ("resources/read", _): readResource(params, reply)
    case ("tasks/get", .stateless): withTask(params, reply) { $0.members }
    // A task asks its client for nothing: responses are for keys that are not outstanding.
    case ("tasks/update", .stateless): withTask(params, reply) { _ in [] }
    case ("tasks/cancel", .stateless):
      withTask(params, reply) { task in
        task.cancel?()
        return []
      }
    default: call.fail(.methodNotFound(call.method))
    }
  }

  private func withTask(_ params: JSON?, _ reply: Reply, _ body: (LongTask) -> [JSONObject.Member]) {
    do throws(RPCError) {
      reply.answer(body(try tasks.named(in: params)))
    } catch {
      reply.fail(error)
    }
  }

  package func handle(notification method: ExactString, params: JSON?) {
    guard method == "notifications/cancelled", let id = params?["requestId"].flatMap(RequestID.init) else { return }
    running.removeValue(forKey: id)?()
    // "Receivers of cancellation notifications SHOULD [...] not send a response for the cancelled request."
    peer.withdraw(id)
  }

  // MARK: Who is here

  private static let capabilities: JSON = ["tools": ["listChanged": false], "resources": ["listChanged": false]]
  private static let statelessCapabilities: JSON = [
    "tools": ["listChanged": false], "resources": ["listChanged": false],
    "extensions": [LongTask.extensionName: [:]],
  ]
  private static let instructions =
    """
    Trimtab finds which vision-language model to train, and at which GPU clocks. A session is a handle that every tool \
    takes; list_sessions tells which there are.
    """

  private func initialize(_ params: JSON?, _ reply: Reply) {
    hasShakenHands = true
    let asked = params?["protocolVersion"]?.stringValue ?? ""
    let version = Era.handshakeVersions.contains(asked) ? asked : Era.handshakeVersions.last ?? ""
    reply.answer([
      member("protocolVersion", .string(version)), member("capabilities", Self.capabilities),
      member("serverInfo", Reply.serverInfo), member("instructions", .string(Self.instructions)),
    ])
  }

  private func discover(_ reply: Reply) {
    reply.answer(
      [
        member("supportedVersions", .array(Era.statelessVersions.map(JSON.string))),
        member("capabilities", Self.statelessCapabilities), member("instructions", .string(Self.instructions)),
      ], isCacheable: true)
  }

  // MARK: Tools

  private func callTool(_ params: JSON?, _ reply: Reply) {
    let name = params?["name"]?.stringValue?.text ?? ""
    guard let tool = tools[ExactString(name)] else {
      let message = "Invalid params: name must be that of a tool, found \(Preview.cut(name))"
      return reply.fail(RPCError(.invalidParams, message))
    }
    var arguments = JSONObject()
    switch params?["arguments"]?.detached {
    case .object(let object)?: arguments = object
    case nil, .null?: break
    case .some: return reply.fail(RPCError(.invalidParams, "Invalid params: arguments must be an object"))
    }
    let run = ToolRun(tool, arguments, params?["_meta"]?["progressToken"].flatMap(RequestID.init), reply)
    if reply.era == .stateless, tool.isLong, LongTasks.areDeclared(in: params) {
      let task = tasks.begin()
      run.task = task
      task.cancel = { [unowned self, unowned run] in cancel(run) }
      // Before the work begins, which may end at once.
      reply.answer(task.members, type: "task")
    } else {
      running[reply.call.id] = { [unowned self, unowned run] in cancel(run) }
    }
    do throws(Conversation.RefusedRequest) {
      run.rest = try tool.requests(for: arguments)[...]
      begin(run)
    } catch {
      end(run, refused: error)
    }
  }

  /// Opens the session of a tool's call, and sends its requests.
  private func begin(_ run: ToolRun) {
    open(
      run.session, mayBegin: run.tool.beginsSession, sent: { run.number = $0 },
      done: { [unowned self] refused in
        if let refused { end(run, refused: refused) } else { next(run) }
      })
  }

  /// Opens a session that is kept, or where it may begin one a new session.
  ///
  /// - Parameters:
  ///   - sent: called with the number of each request.
  ///   - done: called with why it could not be opened; with nil also where there is no such session, which the request
  ///     that follows is refused for.
  private func open(
    _ session: String?, mayBegin: Bool, sent: @escaping (Int) -> Void = { _ in },
    done: @escaping (Conversation.RefusedRequest?) -> Void
  ) {
    guard let session, !opened.contains(ExactString(session)) else { return done(nil) }
    let begin = { [unowned self] in
      sent(
        conversation.send("session/open", [member("session", .string(session))]) { [unowned self] outcome in
          switch outcome {
          case .success:
            opened.insert(ExactString(session))
            done(nil)
          case .failure(let refused): done(refused)
          }
        })
    }
    if mayBegin { return begin() }
    sent(
      conversation.send("session/list", []) { outcome in
        guard case .success(let answer) = outcome else { return done(nil) }
        let open = answer["sessions"]?.arrayValue.map { $0.compactMap { $0["session"] } } ?? []
        let names = open + (answer["stored"]?.arrayValue.map(Array.init) ?? [])
        if names.contains(.string(session)) { begin() } else { done(nil) }
      })
  }

  /// Sends the next request of a tool, or answers.
  private func next(_ run: ToolRun) {
    guard let (request, params) = run.rest.popFirst() else { return end(run, answer: run.answer) }
    run.number = conversation.send(request.method, params, progress: progress(of: run, request)) {
      [unowned self] outcome in
      switch outcome {
      case .success(let answer):
        run.keep(answer, of: request)
        next(run)
      case .failure(let refused):
        // Another client has closed the session, or it was given up, since this process opened it.
        if refused.isOfClosedSession, let session = run.session, opened.remove(ExactString(session)) != nil {
          run.rest = [(request, params)] + run.rest
          return begin(run)
        }
        end(run, refused: refused)
      }
    }
  }

  /// What to do with progress: of the long request alone, so that it rises from 0 to 100 once.
  private func progress(of run: ToolRun, _ request: Tool.Request) -> ((Int, String?) -> Void)? {
    guard request.isLong else { return nil }
    // The extension has no notifications of progress: the state says it.
    if let task = run.task { return { task.report($0, $1) } }
    return run.progressToken.map { token in
      { [unowned self, unowned run] in if !run.reply.call.isAnswered { report($0, $1, token) } }
    }
  }

  private func cancel(_ run: ToolRun) {
    if !run.rest.isEmpty { run.isCut = true }
    run.rest = []
    if let number = run.number { conversation.cancel(number) }
  }

  private func end(_ run: ToolRun, answer: JSON) {
    finish(
      run, [member("content", [["type": "text", "text": .string(answer.text)]]), member("structuredContent", answer)],
      isError: false)
  }

  private func end(_ run: ToolRun, refused: Conversation.RefusedRequest) {
    if refused.error["code"]?.integerValue == ErrorCode.cancelled.rawValue { run.isCut = true }
    finish(
      run,
      [
        member("content", [["type": "text", "text": .string(Tool.inWordsOfTools(refused.message))]]),
        member("structuredContent", ["error": refused.error]),
      ], isError: true)
  }

  private func finish(_ run: ToolRun, _ members: [JSONObject.Member], isError: Bool) {
    let members = members + [member("isError", .bool(isError))]
    guard let task = run.task else {
      // Of one that was withdrawn, another request may have the id by now.
      if !run.reply.call.isAnswered { running[run.reply.call.id] = nil }
      return run.reply.answer(members)
    }
    // Work that ended before it could be cancelled has its result.
    if run.isCut { return task.end(.cancelled) }
    task.complete(.object(JSONObject(members: members + [member("resultType", "complete")])))
  }

  private func report(_ percentage: Int, _ message: String?, _ token: RequestID) {
    var params: [JSONObject.Member] = [
      member("progressToken", token.json), member("progress", .integer(Int64(percentage))), member("total", 100),
    ]
    if let message { params.append(member("message", .string(message))) }
    let notification: JSON = [
      "jsonrpc": "2.0", "method": "notifications/progress", "params": .object(JSONObject(members: params)),
    ]
    peer.send(written: Array(notification.text.utf8))
  }

  // MARK: Resources

  private func listResources(_ reply: Reply) {
    conversation.send("session/list", []) { outcome in
      switch outcome {
      case .failure(let refused): reply.fail(RPCError(.internalError, refused.message))
      case .success(let answer):
        let resources = (answer["sessions"]?.arrayValue.map(Array.init) ?? []).flatMap { one -> [JSON] in
          guard let session = one["session"]?.stringValue?.text else { return [] }
          let pipelines = one["pipelines"]?.arrayValue.map { $0.compactMap { $0.stringValue?.text } } ?? []
          return pipelines.flatMap { name in
            Resource.Kind.allCases.map { Resource(session: session, pipeline: (name, $0)).listed }
          } + [Resource(session: session).listed]
        }
        reply.answer([member("resources", .array(resources))], isCacheable: true)
      }
    }
  }

  private func readResource(_ params: JSON?, _ reply: Reply) {
    let address = params?["uri"]?.stringValue?.text ?? ""
    guard let resource = Resource(address: address) else {
      return reply.fail(
        RPCError(
          .invalidParams, "Invalid params: uri must be that of a resource, found \(Preview.cut(address))",
          data: ["uri": .string(Preview.cut(address))]))
    }
    open(resource, reply)
  }

  private func open(_ resource: Resource, _ reply: Reply) {
    open(resource.session, mayBegin: false) { [unowned self] refused in
      if let refused { return reply.fail(RPCError(.invalidParams, refused.message, data: refused.error["data"])) }
      read(resource, reply)
    }
  }

  private func read(_ resource: Resource, _ reply: Reply) {
    let request = resource.request
    conversation.send(request.method, request.params) { [unowned self] outcome in
      switch outcome {
      case .failure(let refused):
        // As for a tool: the session may have been closed, and kept, since it was opened.
        if refused.isOfClosedSession, opened.remove(ExactString(resource.session)) != nil {
          return open(resource, reply)
        }
        reply.fail(RPCError(.invalidParams, refused.message, data: refused.error["data"]))
      case .success(let answer):
        let content: JSON = [
          "uri": .string(resource.address), "mimeType": .string(resource.mimeType),
          "text": .string(resource.text(answer)),
        ]
        reply.answer([member("contents", [content])], isCacheable: true)
      }
    }
  }
}

private func member(_ name: String, _ value: JSON) -> JSONObject.Member { .init(key: name, value: value) }

/// A call of a tool that is under way.
private final class ToolRun {
  let tool: Tool
  let reply: Reply
  let progressToken: RequestID?
  /// The session that it is about.
  let session: String?
  var rest: ArraySlice<(request: Tool.Request, params: [JSONObject.Member])> = []
  /// The request that is under way.
  var number: Int?
  /// Where the call goes on after its answer.
  var task: LongTask?
  /// Whether it was cancelled before all was done.
  var isCut = false
  private var answers: [(name: String, answer: JSON)] = []

  init(_ tool: Tool, _ arguments: JSONObject, _ progressToken: RequestID?, _ reply: Reply) {
    (self.tool, self.reply, self.progressToken) = (tool, reply, progressToken)
    session = arguments["session"]?.stringValue?.text
  }

  func keep(_ answer: JSON, of request: Tool.Request) {
    guard let kept = request.kept, case .object(let object) = answer else {
      return answers.append((request.name, answer))
    }
    let members = object.members.filter { kept.contains($0.key.text) || $0.key.text == "warnings" }
    answers.append((request.name, .object(JSONObject(members: members))))
  }

  var answer: JSON {
    var members = answers.map { member($0.name, $0.answer) }
    if tool.repeated != nil {
      members = [member(tool.requests[0].name, .array(answers.map(\.answer)))]
    } else if tool.requests.count == 1 {
      return answers.first?.answer ?? [:]
    }
    return .object(JSONObject(members: members))
  }
}

/// Answers a request in the way of its era.
private struct Reply {
  static let serverInfo: JSON = ["name": "trimtab", "title": "Trimtab", "version": .string(Version.program)]

  let call: Call
  let era: Era

  init(_ call: Call, _ era: Era) { (self.call, self.era) = (call, era) }

  /// - Parameter isCacheable: whether the result is of a kind that says for how long it may be kept.
  func answer(_ members: [JSONObject.Member], type: String = "complete", isCacheable: Bool = false) {
    var members = members
    if era == .stateless {
      members.append(member("resultType", .string(type)))
      if isCacheable { members += [member("ttlMs", 0), member("cacheScope", "private")] }
      members.append(member("_meta", ["io.modelcontextprotocol/serverInfo": Self.serverInfo]))
    }
    call.answer(JSON.object(JSONObject(members: members)))
  }

  func fail(_ error: RPCError) { call.fail(error) }
}
