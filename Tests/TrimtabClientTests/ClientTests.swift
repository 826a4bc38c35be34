import Foundation
import Testing
import TrimtabClient

/// What a Swift program sees of a server: in its own process, and in another.
@Suite struct ClientTests {
  /// Where the server runs.
  enum Place: String, CaseIterable { case thread, process }

  private static let binary =
    ProcessInfo.processInfo.environment["TRIMTAB_BINARY"]
    ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "trimtab").path

  private func client(_ place: Place, _ options: ClientOptions = ClientOptions()) async throws -> TrimtabClient {
    switch place {
    case .thread: try await .inProcess(options)
    case .process: try await .spawn(options, command: [Self.binary, "serve"])
    }
  }

  private static func pool(_ session: String) -> PoolSubmit {
    PoolSubmit(
      session: session, encoders: [PoolComponentEntry(id: "clip"), PoolComponentEntry(id: "dino")],
      languageModels: [PoolComponentEntry(id: "qwen")],
      task: SelectionTaskEntry(
        name: "vqa", metric: MetricEntry(name: "accuracy", direction: .maximize), alignmentSampleCount: 1000))
  }

  /// A pipeline of two stages whose clocks trade time for energy.
  private static func define(_ client: TrimtabClient, microbatches: Int) async throws {
    _ = try await client.call(SessionOpen(session: "s"))
    _ = try await client.call(
      PipelineDefine(
        session: "s", pipeline: "p", stages: 2, schedule: "1f1b", microbatches: microbatches,
        blockingPowerWatts: .number(90)))
    let rows = (0..<2).flatMap { stage in
      ["forward", "backward"].flatMap { kind in
        stride(from: 900, through: 1800, by: 30).map { clock -> ProfileSubmitRow in
          let speed = Double(clock) / 1800
          let seconds = (kind == "forward" ? 0.01 : 0.02) * (0.3 + 0.7 / speed) * (1 + 0.1 * Double(stage))
          return ProfileSubmitRow(
            stage: stage, instruction: kind, frequency: .integer(clock), timeSeconds: seconds,
            energyJoules: seconds * (100 + 350 * speed * speed * speed))
        }
      }
    }
    _ = try await client.call(ProfileSubmit(session: "s", pipeline: "p", rows: rows))
  }

  @Test(arguments: Place.allCases) func aFrontierIsComputedAndAsked(_ place: Place) async throws {
    let client = try await client(place)
    try await Self.define(client, microbatches: 12)
    let heard = Heard<Int>()
    let made = try await client.call(FrontierCharacterize(session: "s", pipeline: "p")) {
      if let percentage = $0.percentage { heard.append(percentage) }
    }
    #expect(made.planCount > 1)
    #expect(heard.all == heard.all.sorted() && heard.all.last.map { $0 <= 100 } ?? true)
    let point = try await client.call(FrontierQuery(session: "s", pipeline: "p", slowdownFraction: 0.1))
    #expect(point.plan.energyJoules >= point.lowerBound.energyJoules * (1 - 1e-9))
    #expect(await client.close() == 0)
  }

  @Test(arguments: Place.allCases) func aRefusalSaysWhatIsWrong(_ place: Place) async throws {
    let client = try await client(place)
    let refused = await #expect(throws: RequestRefused.self) {
      try await client.call(PipelineGet(session: "nowhere", pipeline: "p"))
    }
    #expect(refused?.kind == .unknownSession && refused?.path == "session")
    #expect(refused?.message.contains("nowhere") ?? false)
    #expect(await client.close() == 0)
  }

  @Test(arguments: Place.allCases) func pushesComeInOrderAndByKind(_ place: Place) async throws {
    let client = try await client(place)
    _ = try await client.call(SessionOpen(session: "s"))
    _ = try await client.call(Self.pool("s"))
    let decisions = client.pushes(of: TrialDecided.self)
    let trial = try await client.call(TrialNext(session: "s", worker: "w"))
    let number = try #require(trial.trial)
    let target = try #require(trial.toFraction)
    for step in 1...20 {
      try client.notify(
        TrialUpdate(
          session: "s", trial: number, step: step, dataFraction: target * Double(step) / 40, score: .number(0.5)))
    }
    var steps: [Int] = []
    for await decision in decisions {
      steps.append(try #require(decision.step))
      if steps.count == 20 { break }
    }
    #expect(steps == Array(1...20))
    #expect(await client.close() == 0)
  }

  @Test(arguments: Place.allCases) func aCancelledTaskStopsItsComputation(_ place: Place) async throws {
    let client = try await client(place)
    try await Self.define(client, microbatches: 400)
    let begun = AsyncStream<Void>.makeStream()
    let task = Task {
      // Many rounds of a large pipeline take far longer than this test.
      try await client.call(FrontierCharacterize(session: "s", pipeline: "p", planCount: 4096, roundCount: 64)) { _ in
        begun.continuation.yield()
      }
    }
    for await _ in begun.stream { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    // The connection goes on.
    #expect(try await client.call(SessionList()).sessions.count == 1)
    #expect(await client.close() == 0)
  }

  /// A request whose task is cancelled between its call and its way to the server.
  private struct CancelledWhileSent: Request {
    typealias Answer = FrontierCharacterizeAnswer
    static let method = FrontierCharacterize.method
    let params: FrontierCharacterize

    init(_ params: FrontierCharacterize) { self.params = params }
    init(from decoder: any Decoder) throws { params = try FrontierCharacterize(from: decoder) }

    func encode(to encoder: any Encoder) throws {
      withUnsafeCurrentTask { $0?.cancel() }
      try params.encode(to: encoder)
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: Place.allCases)
  func aTaskCancelledBeforeItsRequestLeavesStopsIt(_ place: Place) async throws {
    let client = try await client(place)
    try await Self.define(client, microbatches: 400)
    let task = Task {
      try await client.call(
        CancelledWhileSent(FrontierCharacterize(session: "s", pipeline: "p", planCount: 4096, roundCount: 64)))
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(await client.close() == 0)
  }

  @Test func aServerThatIsKilledFailsWhatItOwes() async throws {
    // The shell becomes the server, once it has written its number.
    let file = FileManager.default.temporaryDirectory.appending(path: "trimtab-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let client = try await TrimtabClient.spawn(
      command: ["sh", "-c", "echo $$ >\(file.path); exec \(Self.binary) serve"])
    let process = try #require(Int32(try String(contentsOf: file, encoding: .utf8).dropLast()))
    try await Self.define(client, microbatches: 400)
    let begun = AsyncStream<Void>.makeStream()
    let task = Task {
      try await client.call(FrontierCharacterize(session: "s", pipeline: "p", planCount: 4096, roundCount: 64)) { _ in
        begun.continuation.yield()
      }
    }
    for await _ in begun.stream { break }
    kill(process, SIGKILL)
    let ended = await #expect(throws: ServerEnded.self) { try await task.value }
    #expect(ended?.exitStatus == 128 + SIGKILL)
    await #expect(throws: ServerEnded.self) { try await client.call(SessionList()) }
    var pushes = client.pushes().makeAsyncIterator()
    #expect(await pushes.next() == nil)
  }

  /// A child starts with no signal blocked, whatever the thread that starts it blocks.
  @Test func aChildGetsItsSignals() async {
    let failure = await #expect(throws: ServerEnded.self) {
      try await TrimtabClient.spawn(command: ["sh", "-c", "true & wait $!; exit 7"])
    }
    #expect(failure?.exitStatus == 7)
  }

  /// A program that closes its output and reads on ends with its input, as the client would wait for it otherwise.
  @Test(.timeLimit(.minutes(1)), arguments: 0..<20) func aServerThatSaysNoMoreIsEnded(_: Int) async {
    let failure = await #expect(throws: ServerEnded.self) {
      try await TrimtabClient.spawn(command: ["sh", "-c", "exec >&-; cat >/dev/null; exit 5"])
    }
    #expect(failure?.exitStatus == 5)
  }

  /// Starts a script of the shell as a server that has answered `initialize`. It has `receive`, which prints the body
  /// of the client's next message, and `send`.
  private func scripted(_ script: String) async throws -> TrimtabClient {
    let head = #"""
      receive() { read -r header; read -r _; header=${header%?}; dd bs=1 count="${header#*: }" 2>/dev/null; }
      send() { printf '%s\n' "$1"; }
      receive >/dev/null
      send '{"jsonrpc":"2.0","id":1,"result":{"serverInfo":{"name":"trimtab","version":"0"},"protocolVersion":"0.2",\#
      "capabilities":{"framings":[],"methods":[],"durability":"memory"}}}'
      receive >/dev/null

      """#
    return try await .spawn(command: ["sh", "-c", head + script])
  }

  /// Requests of the server are for editors; a client that left one unanswered would hold the server up.
  @Test(.timeLimit(.minutes(1))) func requestsOfTheServerAreRefused() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "trimtab-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let client = try await scripted(
      #"send '{"jsonrpc":"2.0","id":"1\"a","method":"workspace/applyEdit","params":{}}'; receive >"# + file.path)
    // They end with the server, which has the answer then.
    for await _ in client.pushes() {}
    let answer = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: file))
    #expect(
      answer
        == .object([
          "jsonrpc": .string("2.0"), "id": .string(#"1"a"#),
          "error": .object(["code": .integer(-32601), "message": .string("Method not found")]),
        ]))
  }

  @Test(.timeLimit(.minutes(1))) func pushesThatTheTypesCannotReadAreHeardAsJSON() async throws {
    let client = try await scripted(
      #"""
      receive >/dev/null
      send '{"jsonrpc":"2.0","method":"trial/decided","params":{"step":"three","shares":[0.5,true,null]}}'
      send '{"jsonrpc":"2.0","method":"future/thing"}'
      send '{"jsonrpc":"2.0","method":"trial/decided","params":{"step":4}}'
      """#)
    let (all, decisions) = (client.pushes(), client.pushes(of: TrialDecided.self))
    try client.notify(TrialUpdate(session: "s", trial: 0, step: 1, dataFraction: 1, score: .number(0)))
    var heard = await all.reduce(into: [Push]()) { $0.append($1) }
    let last = heard.popLast()
    let unread = JSONValue.object([
      "step": .string("three"), "shares": .array([.number(0.5), .boolean(true), .null]),
    ])
    #expect(
      heard == [.other(method: "trial/decided", params: unread), .other(method: "future/thing", params: .null)])
    let steps = await decisions.reduce(into: []) { $0.append($1.step) }
    #expect(steps == [4])
    if case .trialDecided(let decided)? = last { #expect(decided.step == 4) } else { Issue.record("\(heard)") }
  }

  @Test func aProgramThatIsNotThereIsNamed() async {
    let failure = await #expect(throws: ServerEnded.self) {
      try await TrimtabClient.spawn(command: ["/nowhere/trimtab", "serve"])
    }
    #expect(failure?.description.contains("/nowhere/trimtab") ?? false)
  }

  @Test func twoProgramsShareASearch() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "trimtab-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let options = ClientOptions(stateDirectory: directory.path)
    let (launcher, notebook) = (try await client(.process, options), try await client(.thread, options))
    _ = try await launcher.call(SessionOpen(session: "s"))
    _ = try await launcher.call(Self.pool("s"))
    _ = try await notebook.call(SessionOpen(session: "s"))
    let suggested = notebook.pushes(of: SuggestionChanged.self)
    let trial = try await launcher.call(TrialNext(session: "s", worker: "w"))
    let share: Double = try #require(trial.toFraction)
    _ = try await launcher.call(
      TrialUpdate(
        session: "s", trial: try #require(trial.trial), step: 1, dataFraction: share, score: .number(0.5)))
    for await push in suggested {
      #expect(push.candidate.encoder == trial.candidate?.encoder)
      break
    }
    #expect(await launcher.close() == 0)
    #expect(try await notebook.call(TrialList(session: "s")).trials.count == 1, "it owns the directory now")
    #expect(await notebook.close() == 0)
  }

  private final class Heard<Element: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var elements: [Element] = []

    func append(_ element: Element) { lock.withLock { elements.append(element) } }
    var all: [Element] { lock.withLock { elements } }
  }
}
