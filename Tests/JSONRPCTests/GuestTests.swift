import Basics
import CLibrary
import JSON
import JSONRPC
import Testing

/// Peers that a loop serves over sockets beside its own.
@Suite struct GuestTests {
  /// A client's end of a socket whose other end a loop serves.
  private final class Guest: @unchecked Sendable {
    let ends: (Int32, Int32)
    private var received: [UInt8] = []

    init() {
      guard let ends = LocalSocket.pair() else { preconditionFailure("no descriptors") }
      self.ends = ends
    }

    deinit { _ = close(ends.0) }

    func send(_ text: String) {
      let bytes = Array(text.utf8)
      precondition(write(ends.0, bytes, bytes.count) == bytes.count)
    }

    func ask(_ id: Int, _ method: String) { send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"}"# + "\n") }

    /// Waits for a line; nil at the end.
    func readLine() -> JSON? {
      while true {
        if let newline = received.firstIndex(of: UInt8(ascii: "\n")) {
          defer { received.removeSubrange(...newline) }
          return try? JSON.parse(Array(received[..<newline]))
        }
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(ends.0, &chunk, chunk.count)
        guard count > 0 else { return nil }
        received += chunk[..<count]
      }
    }

    func endOutput() { shutdown(ends.0, Int32(SHUT_WR)) }
  }

  private static func serve(_ guest: Guest, _ server: Connection.Server) {
    let handler = TestHandler()
    handler.methods["big"] = { $0.answer(.string(String(repeating: "x", count: 4 << 20))) }
    server.loop.serve(Peer(handler: handler), socket: guest.ends.1, end: {})
  }

  @Test func eachPeerIsServed() {
    let guests = [Guest(), Guest()]
    let main = Connection(.pipes) { server in for guest in guests { Self.serve(guest, server) } }
    for (id, guest) in guests.enumerated() { guest.ask(id, "echo") }
    main.send(#"{"jsonrpc":"2.0","id":7,"method":"echo"}"# + "\n")
    #expect(main.readLine()?["id"] == 7)
    for (id, guest) in guests.enumerated() { #expect(guest.readLine()?["id"] == .integer(Int64(id))) }
  }

  @Test func aGuestsEndEndsNoOther() {
    let guests = [Guest(), Guest()]
    let main = Connection(.pipes) { server in
      for guest in guests { Self.serve(guest, server) }
    }
    // What has come is answered before the end.
    guests[0].ask(1, "echo")
    guests[0].endOutput()
    #expect(guests[0].readLine()?["id"] == 1)
    #expect(guests[0].readLine() == nil)
    guests[1].ask(2, "echo")
    #expect(guests[1].readLine()?["id"] == 2)
    main.send(#"{"jsonrpc":"2.0","id":3,"method":"echo"}"# + "\n")
    #expect(main.readLine()?["id"] == 3)
  }

  @Test func aGuestThatReadsNothingHoldsUpNoOther() {
    let guests = [Guest(), Guest()]
    let main = Connection(.pipes) { server in for guest in guests { Self.serve(guest, server) } }
    for id in 0..<8 { guests[0].ask(id, "big") }
    for id in 0..<100 {
      guests[1].ask(id, "echo")
      #expect(guests[1].readLine()?["id"] == .integer(Int64(id)))
    }
    main.send(#"{"jsonrpc":"2.0","id":3,"method":"echo"}"# + "\n")
    #expect(main.readLine()?["id"] == 3)
    for id in 0..<8 { #expect(guests[0].readLine()?["id"] == .integer(Int64(id))) }
  }

  /// A message of over a megabyte is parsed on another thread, by when its guest may have gone.
  @Test func aGuestMayGoWhileItsMessageIsParsed() {
    var guest: Guest? = Guest()
    let end = guest!.ends.1
    let main = Connection(.pipes) { server in server.loop.serve(Peer(), socket: end, end: {}) }
    let (sent, client) = (guest!, guest!.ends.0)
    let writer = TestThread {
      let long = String(repeating: "x", count: 3 << 20)
      let text = #"{"jsonrpc":"2.0","id":1,"method":"echo","params":["\#(long)"]}"# + "\n"
      var bytes = Array(text.utf8)[...]
      while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        bytes = bytes.dropFirst(count)
      }
      _ = shutdown(client, Int32(SHUT_RDWR))
      withExtendedLifetime(sent) {}
    }
    writer.join()
    guest = nil
    main.send(#"{"jsonrpc":"2.0","id":3,"method":"echo"}"# + "\n")
    #expect(main.readLine()?["id"] == 3)
  }
}
