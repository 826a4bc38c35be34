import CLibrary
import JSONRPC
import Testing

@testable import TrimtabServer

@Suite struct RunServerTests {
  /// A program may run many servers on threads of its own, one after another; each has descriptors beside its memory.
  @Test func nothingOfAServerIsLeftWhenItEnds() throws {
    var template = Array("/tmp/run-server-XXXXXX".utf8CString)
    let folder = String(cString: try #require(mkdtemp(&template)))
    defer { removeFolder(folder) }
    let output = open("/dev/null", O_WRONLY)
    try #require(output >= 0)
    defer { _ = close(output) }
    for directory in [nil, folder + "/state"] {
      weak var server: Server?
      weak var client: ClientConnection?
      weak var loop: EventLoop?
      let status = runServer(
        StateOptions(directory: directory), input: -1, output: output,
        behind: (
          peer: Peer(),
          connect: {
            (server, client, loop) = ($0, $1, $2)
            var message = #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"# + "\n"
            message.withUTF8 { client?.peer.receive(UnsafeRawBufferPointer($0)) }
            #expect((server?.journals != nil) == (directory != nil))
          }
        ))
      #expect(status == 0)
      #expect(server == nil && client == nil && loop == nil, "state directory: \(directory ?? "none")")
    }
  }

  private func removeFolder(_ folder: String) {
    guard let listing = opendir(folder) else { return }
    defer {
      closedir(listing)
      rmdir(folder)
    }
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      if unlink("\(folder)/\(name)") != 0 { removeFolder("\(folder)/\(name)") }
    }
  }
}
