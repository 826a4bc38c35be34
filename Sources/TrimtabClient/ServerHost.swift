internal import CLibrary
internal import Dispatch
internal import JSONRPC
internal import Synchronization
internal import TrimtabServer

/// Where the server runs: what a client speaks to, and how it waits for its end.
struct ServerHost: Sendable {
  /// To the server.
  let output: Int32
  /// From the server.
  let input: Int32
  /// Waits until the server has ended; gives its exit status, as a shell does. To be called once.
  let wait: @Sendable () -> Int32

  /// A process of its own, in a session of its own, so that Ctrl-C at our terminal does not reach it.
  static func process(_ command: [String]) throws(ServerEnded) -> ServerHost {
    let child: ChildProcess
    do throws(ChildProcess.Failure) {
      child = try ChildProcess(command, group: .ownSession)
    } catch {
      throw ServerEnded(exitStatus: nil, description: error.message)
    }
    let (output, input) = child.takeDescriptors()
    // From here on only the thread that waits uses it.
    nonisolated(unsafe) let waited = child
    return ServerHost(output: output, input: input) { waited.wait().code }
  }

  /// A thread of this process.
  static func thread(_ state: StateOptions) throws(ServerEnded) -> ServerHost {
    var (toServer, fromServer): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    guard pipe(&toServer) == 0, pipe(&fromServer) == 0 else {
      let reason = String(cString: strerror(errno))
      for descriptor in toServer where descriptor >= 0 { close(descriptor) }
      throw ServerEnded(exitStatus: nil, description: "cannot make a pipe: \(reason)")
    }
    let (input, output) = (toServer[0], fromServer[1])
    for descriptor in toServer + fromServer { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    let end = End()
    startThread(stackBytes: 8 << 20) {
      end.status.withLock { $0 = runServer(state, input: input, output: output) }
      close(input)
      close(output)
      end.group.leave()
    }
    return ServerHost(output: toServer[1], input: fromServer[0]) {
      end.group.wait()
      return end.status.withLock { $0 }
    }
  }

  private final class End: Sendable {
    let group = DispatchGroup()
    let status = Mutex<Int32>(1)

    init() { group.enter() }
  }
}
