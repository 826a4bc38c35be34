import Basics
import CLibrary
import JSON
import JSONRPC
import Testing

@Suite struct EventLoopTests {
  private func request(_ id: Int, _ method: String, _ params: String = "[]") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"# + "\n"
  }

  private func notification(_ method: String) -> String {
    #"{"jsonrpc":"2.0","method":"\#(method)"}"# + "\n"
  }

  @Test(arguments: Connection.Kind.allCases)
  func answersAndEndsWithTheInput(kind: Connection.Kind) {
    let connection = Connection(kind)
    for id in 1...20 {
      connection.send(request(id, "echo", "[\(id)]"))
      #expect(connection.readLine()?["id"] == .integer(Int64(id)))
    }
    // The last message needs no line feed.
    connection.send(String(request(21, "echo").dropLast()))
    connection.closeOutput()
    #expect(connection.readToEnd().map { $0["id"] } == [21])
    #expect(connection.exitCode() == 0)
  }

  @Test(arguments: Connection.Kind.allCases)
  func takesBigMessagesBothWays(kind: Connection.Kind) {
    let connection = Connection(kind)
    let numbers = "[" + String(repeating: "1410,", count: 100_000) + "1]"
    connection.send(request(1, "echo", numbers))
    connection.closeOutput()
    #expect(connection.readToEnd().first?["result"]?.text == numbers)
    #expect(connection.exitCode() == 0)
  }

  @Test(arguments: Connection.Kind.allCases)
  func stalledReaderBlocksNoRequest(kind: Connection.Kind) {
    let mark = Mark()
    let connection = Connection(kind) { server in
      server.handler.methods["big"] = { $0.answer(.string(String(repeating: "x", count: 50_000))) }
      server.handler.onNotification = { (_, _) in mark.set() }
    }
    for id in 1...20 { connection.send(request(id, "big")) }
    // A megabyte waits for us, more than the system buffers; the loop still handles what comes.
    connection.send(notification("ping"))
    mark.wait()
    connection.closeOutput()
    let answers = connection.readToEnd()
    #expect(answers.map { $0["id"] } == (1...20).map { .integer($0) })
    #expect(answers.allSatisfy { $0["result"]?.stringValue?.text.utf8.count == 50_000 })
    #expect(connection.exitCode() == 0)
  }

  @Test(arguments: Connection.Kind.allCases)
  func fullOutputStopsReadingUntilItIsRead(kind: Connection.Kind) {
    var peerOptions = Peer.Options()
    peerOptions.maximumBacklogBytes = 200_000
    let connection = Connection(kind, peerOptions: peerOptions) { server in
      // The loop holds when the last answer took it over the limit, never later.
      server.handler.methods["big"] = { [unowned peer = server.peer] call in
        precondition(peer.output.count <= 200_000)
        call.answer(.string(String(repeating: "x", count: 50_000)))
      }
    }
    // All requests fit what the system buffers, so that sending does not wait for the loop.
    for id in 1...40 { connection.send(request(id, "big")) }
    connection.send(notification("end"))
    for id in 1...40 { #expect(connection.readLine()?["id"] == .integer(Int64(id))) }
    connection.closeOutput()
    #expect(connection.exitCode() == 0)
  }

  @Test func mailWakesTheLoopInOrder() {
    let mailbox = Mailbox<Int>()
    let connection = Connection(.pipes) { server in
      server.loop.attach(mailbox) { [unowned peer = server.peer] number in
        peer.notify(Mail(number: number))
      }
    }
    // Notifications sent before the client's first byte could not know its framing.
    connection.send(request(1, "echo"))
    #expect(connection.readLine()?["id"] == 1)
    let posters = (0..<4).map { poster in
      TestThread { for index in 0..<250 { mailbox.post(poster * 1000 + index) } }
    }
    var seen = [Int](repeating: 0, count: 4)
    for _ in 0..<1000 {
      guard let number = connection.readLine()?["params"]?["number"]?.integerValue else { break }
      #expect(number % 1000 == seen[number / 1000])
      seen[number / 1000] += 1
    }
    #expect(seen == [250, 250, 250, 250])
    for poster in posters { poster.join() }
    connection.closeOutput()
    #expect(connection.exitCode() == 0)
  }

  @Test func endOfInputWaitsForRunningCalls() {
    let mailbox = Mailbox<Void>()
    let connection = Connection(.pipes) { server in
      let handler = server.handler
      server.loop.attach(mailbox) { handler.kept[0].answer("late") }
      handler.onInputEnded = { mailbox.post(()) }
    }
    connection.send(request(1, "keep"))
    connection.closeOutput()
    #expect(connection.readToEnd().map { $0["result"] } == ["late"])
    #expect(connection.exitCode() == 0)
  }

  @Test func endOfInputGivesUpOnCallsThatNeverEnd() {
    var options = EventLoop.Options()
    options.drainSeconds = 0
    let connection = Connection(.pipes, options: options)
    connection.send(request(1, "keep"))
    connection.closeOutput()
    #expect(connection.readToEnd().map { $0["error"]?["code"] } == [-32800])
    #expect(connection.exitCode() == 0)
  }

  @Test(arguments: Connection.Kind.allCases)
  func finishFlushesAndDropsTheRest(kind: Connection.Kind) {
    let connection = Connection(kind) { server in
      server.handler.onNotification = { [unowned loop = server.loop] (method, _) in
        if method == "exit" { loop.finish(3) }
      }
    }
    connection.send(request(1, "echo") + request(2, "keep") + notification("exit") + request(3, "echo"))
    #expect(connection.readToEnd().map { $0["id"] } == [1, 2])
    #expect(connection.exitCode() == 3)
  }

  @Test func finishGivesUpOnAReaderThatStalls() {
    var options = EventLoop.Options()
    options.flushStallSeconds = 0
    let connection = Connection(.pipes, options: options) { server in
      server.handler.methods["big"] = { [unowned loop = server.loop] call in
        call.answer(.string(String(repeating: "x", count: 3_000_000)))
        loop.finish(0)
      }
    }
    connection.send(request(1, "big"))
    #expect(connection.exitCode() == 1)
  }

  @Test(arguments: Connection.Kind.allCases)
  func closedReaderEndsTheLoop(kind: Connection.Kind) {
    let connection = Connection(kind)
    connection.send(request(1, "echo"))
    _ = connection.readLine()
    connection.closeInput()
    connection.send(request(2, "echo"))
    #expect(connection.exitCode() == 1)
  }

  @Test func brokenFramingEndsTheLoop() {
    let connection = Connection(.pipes)
    connection.send("Content-Length: none\r\n\r\n")
    #expect(connection.readToEnd().map { $0["error"]?["code"] } == [-32700])
    #expect(connection.exitCode() == 1)
  }

  @Test func interruptAnswersRunningCallsAsCancelled() {
    let mailbox = Mailbox<Void>()
    let connection = Connection(.pipes) { server in
      server.loop.attach(mailbox) { [unowned loop = server.loop] in loop.interrupt() }
      server.handler.onNotification = { (_, _) in mailbox.post(()) }
    }
    connection.send(request(1, "keep") + notification("now"))
    let answers = connection.readToEnd()
    #expect(answers.map { $0["error"]?["code"] } == [-32800])
    #expect(answers[0]["error"]?["message"]?.stringValue?.text.contains("may be sent again") == true)
    #expect(connection.exitCode() == 0)
  }

  @Test(arguments: Connection.Kind.allCases)
  func readerThatGoesAwayIsNoticedWhileACallRuns(kind: Connection.Kind) {
    let mark = Mark()
    let connection = Connection(kind) { server in
      server.handler.methods["wait"] = { [handler = server.handler] in
        handler.kept.append($0)
        mark.set()
      }
    }
    connection.send(request(1, "wait"))
    mark.wait()
    connection.closeInput()
    if kind == .socket { connection.closeOutput() }
    #expect(connection.exitCode() == 1)
  }

  /// A reader that pauses gets every message whole, however late after the end of input it goes on.
  @Test(arguments: Connection.Kind.allCases)
  func slowReaderGetsAllAfterTheEnd(kind: Connection.Kind) {
    let mark = Mark()
    let connection = Connection(kind) { server in
      server.handler.methods["big"] = { $0.answer(.string(String(repeating: "x", count: 3_000_000))) }
      server.handler.onInputEnded = { mark.set() }
    }
    connection.send(request(1, "big") + request(2, "big"))
    connection.closeOutput()
    mark.wait()
    #expect(connection.readToEnd().map { $0["id"] } == [1, 2])
    #expect(connection.exitCode() == 0)
  }

  @Test func closedInputHasEnded() {
    let peer = makePeer()
    #expect(EventLoop(peer: peer, input: -1, output: -1).run() == 0)
  }

  @Test func strangerIsNotWatched() {
    let peer = makePeer()
    let loop = EventLoop(peer: peer, input: -1, output: -1)
    #expect(!loop.watchParent(.max) && !loop.watchParent(getpid()))
    #expect(loop.watchParent(getppid()))
  }

  @Test func livingParentDoesNotEndTheLoop() {
    let connection = Connection(.pipes) { _ = $0.loop.watchParent(getppid()) }
    connection.send(request(1, "echo"))
    #expect(connection.readLine()?["id"] == 1)
    connection.closeOutput()
    #expect(connection.exitCode() == 0)
  }

  @Test func strayPrintsStayOutOfTheStream() async {
    await #expect(processExitsWith: .exitCode(7)) {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0, dup2(ends[1], 1) == 1, close(ends[1]) == 0 else { exit(1) }
      let (input, output) = (takeStandardInput(), takeStandardOutput())
      guard input > 2, output > 2, fcntl(input, F_GETFD) == FD_CLOEXEC, fcntl(output, F_GETFD) == FD_CLOEXEC else {
        exit(2)
      }
      print("stray")
      fflush(nil)
      guard write(output, "x", 1) == 1, close(output) == 0 else { exit(3) }
      var bytes: [UInt8] = [0, 0]
      // Only our byte, then the end: fd 1 no longer leads to the pipe.
      guard read(ends[0], &bytes, 2) == 1, bytes[0] == UInt8(ascii: "x"), read(ends[0], &bytes, 2) == 0 else { exit(4) }
      guard read(0, &bytes, 2) == 0 else { exit(5) }
      exit(7)
    }
  }
}

/// Set once by one thread, awaited by another.
private final class Mark: Sendable {
  private let ends: [Int32]

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "no descriptors")
    self.ends = ends
  }

  deinit { for end in ends { _ = close(end) } }

  func set() { _ = write(ends[1], "x", 1) }

  func wait() {
    var byte: UInt8 = 0
    _ = read(ends[0], &byte, 1)
  }
}
