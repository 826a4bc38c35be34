import Basics
import Journal
import Sessions
import TestSupport
import Transcripts

/// One disk, and the servers that run on it one after another.
struct PowerLossScenario {
  /// How far a client is in its conversation.
  private struct Position {
    let conversation: Conversation
    /// Steps that are known to be done.
    var done = 0
    var sent = 0
    /// Whether the storage failed, so that the session is to be opened again.
    var hasFailed = false
    /// Whether what was sent and not done was refused, so that it must not be found.
    var isRefused = false
  }

  private let storage: SimulatedStorage
  private var random: SplitMix64
  private var positions: [Position]
  private var short = ShortSessions()
  private(set) var isOver = false
  private(set) var faults: [String] = []
  private(set) var answerCount = 0
  private(set) var keptUnansweredCount = 0

  init(seed: UInt64) throws {
    storage = SimulatedStorage(seed: seed)
    random = SplitMix64(seed: seed, index: 5)
    positions = try ["a", "b", "c"].map {
      Position(conversation: try Conversation(session: $0, seed: seed, count: 60))
    }
  }

  /// Starts a server, goes on until the power goes or all is done, and restarts the disk.
  ///
  /// - Returns: where the power went; nil where it did not.
  mutating func runUntilLoss() throws -> (point: SimulatedStorage.Point, phase: PowerLossCampaign.Phase)? {
    let isLast = positions.allSatisfy { $0.done == $0.conversation.steps.count }
    let first = storage.operationCount
    if !isLast {
      let failure = random.index(below: 60)
      let fails = random.index(below: 5) == 0
      if fails { storage.fail(at: first + failure, with: [5, 28][random.index(below: 2)]) }
      storage.crash(at: first + (fails ? failure + 1 : 0) + random.index(below: fails ? 12 : 60))
    }
    var server = try Running(storage, clients: positions.count + 1, window: [1, 4, 20][random.index(below: 3)])
    var phase = PowerLossCampaign.Phase.recovery
    if recover(server) {
      phase = .commit
      if isLast { compareEnds(server) } else { goOn(&server) }
      if storage.crashPath?.hasSuffix(".new") ?? false { phase = .compaction }
    }
    if positions.contains(where: \.hasFailed) { phase = .failure }
    defer { storage.restart(losesPower: true) }
    guard let point = storage.crashPoint else {
      isOver = isLast
      return nil
    }
    return (point, phase)
  }

  /// A server with its clients.
  private struct Running {
    let work = HeldWork()
    let clients: [LocalClient]
    /// How many requests of a client are under way at most.
    let window: Int

    init(_ storage: SimulatedStorage, clients count: Int, window: Int) throws {
      let owner = LocalClient(
        keepingSessionsIn: try StateDirectory(storage), compactingFrom: 3000, commits: work.start)
      clients = [owner] + (1..<count).map { _ in LocalClient(beside: owner) }
      self.window = window
      for client in clients { _ = client.send(Conversation.request("initialize", "{}", id: 0)) }
    }
  }

  /// Whether the power is still there.
  private var isOn: Bool { storage.crashPoint == nil }

  private mutating func fault(_ text: String) {
    // What a server says after the power went reaches no client.
    if isOn { faults.append(text) }
  }

  /// Opens all sessions again; false where the power went meanwhile.
  private mutating func recover(_ server: Running) -> Bool {
    for index in positions.indices { reopen(index, server) }
    if let wrong = short.recover(server.clients[positions.count], server.work) { fault(wrong) }
    return isOn && faults.isEmpty
  }

  /// Opens a session, and finds how many steps it has: at least those that were answered, at most those that were sent.
  private mutating func reopen(_ index: Int, _ server: Running) {
    let (conversation, client) = (positions[index].conversation, server.clients[index])
    let (name, steps) = (conversation.session, conversation.steps)
    // An open that no server got to.
    guard positions[index].sent > 0 else { return }
    server.work.run()
    var lines = client.send(steps[0].sent)
    server.work.run()
    lines += client.received()
    guard let answer = Conversation.answer(in: lines), isOn else { return fault("\(name) is not opened: \(lines)") }
    // A failed write may come at the very opening.
    positions[index].hasFailed = answer.contains(#""storageFailed""#)
    if positions[index].hasFailed { return }
    guard answer.contains(#""result""#) else { return fault("\(name) is not recovered: \(answer)") }
    if positions[index].done > 0, !answer.contains(#""resumed":true"#) {
      return fault("\(name) is lost after \(positions[index].done) steps")
    }
    let revision = client.sessions.revision(of: name) ?? -1
    let before = positions[index].done
    var done = max(before, 1)
    if revision < steps[done - 1].revision {
      return fault("\(name) has revision \(revision) after \(done) steps to \(steps[done - 1].revision)")
    }
    // The steps that count and were not answered; those after them that change nothing are sent again.
    while done < steps.count, steps[done - 1].revision < revision { done += 1 }
    if steps[done - 1].revision != revision || done > max(positions[index].sent, 1) {
      return fault("\(name) has revision \(revision), and \(positions[index].sent) steps were sent")
    }
    if positions[index].isRefused, steps[done - 1].revision != steps[max(before, 1) - 1].revision {
      return fault("\(name) has revision \(revision) of a request that was refused")
    }
    if done > max(before, 1) { keptUnansweredCount += 1 }
    (positions[index].done, positions[index].sent, positions[index].isRefused) = (done, done, false)
  }

  /// Sends what is left, in an order that the seed gives, and compares each answer.
  private mutating func goOn(_ server: inout Running) {
    while isOn, faults.isEmpty {
      let open = positions.indices.filter { positions[$0].done < positions[$0].conversation.steps.count }
      if open.isEmpty, !short.isWaiting { return }
      let ready = open.filter {
        let position = positions[$0]
        return !position.hasFailed && position.sent < position.conversation.steps.count
          && position.sent - position.done < server.window
      }
      let choice = random.index(below: 10)
      if choice == 0, !short.isWaiting, !short.hasFailed, !open.isEmpty {
        take(server.clients[positions.count].send(short.next()))
      } else if choice < 8, !ready.isEmpty {
        let index = ready[random.index(below: ready.count)]
        let step = positions[index].conversation.steps[positions[index].sent]
        positions[index].sent += 1
        take(server.clients[index].send(step.sent), of: index)
      } else {
        settle(server)
      }
    }
  }

  /// Has the commits made that wait, and takes the answers that they let go.
  private mutating func settle(_ server: Running) {
    server.work.run()
    for index in positions.indices { take(server.clients[index].received(), of: index) }
    take(server.clients[positions.count].received())
    guard isOn, faults.isEmpty else { return }
    for index in positions.indices where positions[index].hasFailed { reopen(index, server) }
    if short.hasFailed, let wrong = short.recover(server.clients[positions.count], server.work) { fault(wrong) }
  }

  private mutating func take(_ lines: [String], of index: Int) {
    for line in lines {
      guard isOn, let answer = Conversation.answer(in: [line]) else { continue }
      let (name, done) = (positions[index].conversation.session, positions[index].done)
      if answer.contains(#""storageFailed""#) {
        (positions[index].hasFailed, positions[index].isRefused) = (true, true)
      }
      // What was under way when the storage failed is sent again.
      if positions[index].hasFailed { continue }
      guard done < positions[index].sent else { return fault("\(name) answers once more: \(answer)") }
      let step = positions[index].conversation.steps[done]
      guard answer == step.answer else {
        return fault("\(name), step \(done), \(step.sent):\n    \(step.answer)\n    \(answer)")
      }
      positions[index].done += 1
      answerCount += 1
    }
  }

  /// Takes what the client with the short sessions got.
  private mutating func take(_ lines: [String]) {
    for line in lines where isOn {
      guard let answer = Conversation.answer(in: [line]) else { continue }
      answerCount += 1
      if let wrong = short.take(answer) { fault(wrong) }
    }
  }

  private mutating func compareEnds(_ server: Running) {
    for (position, client) in zip(positions, server.clients) {
      let found = Conversation.ending(of: position.conversation.session).map {
        Conversation.answer(in: client.send($0)) ?? "no answer"
      }
      for (expected, found) in zip(position.conversation.end, found) where expected != found {
        fault("\(position.conversation.session) ends differently:\n    \(expected)\n    \(found)")
      }
    }
  }
}
