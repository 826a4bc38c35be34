import Basics
import JSON
import JSONRPC
import Testing

/// Messages wait for what they are about, and for nothing else.
@Suite struct LaneTests {
  private let handler = TestHandler()

  private func ask(_ id: Int, about lane: Lane, _ peer: Peer) {
    handler.methods["work"] = { call in
      call.lane = lane
      call.answer(.null)
    }
    peer.receive(#"{"jsonrpc":"2.0","id":\#(id),"method":"work"}"# + "\n")
  }

  private func ids(_ peer: Peer) -> [JSON?] { peer.takeMessages().map { $0["id"] ?? $0["method"] } }

  @Test func aMessageWaitsForTheTicketsOfItsLaneOnly() {
    let peer = makePeer(handler)
    peer.tickets.give(1, in: "a")
    ask(1, about: .about("a"), peer)
    ask(2, about: .about("b"), peer)
    ask(3, about: .none, peer)
    peer.notify(Note(text: "x"), lane: .about("a"))
    peer.tickets.give(2, in: "a")
    ask(4, about: .about("a"), peer)
    #expect(ids(peer) == [2, 3])
    #expect(peer.isBusy)
    peer.reachTicket(1, in: "a")
    #expect(ids(peer) == [1, "note"])
    peer.reachTicket(2, in: "a")
    #expect(ids(peer) == [4])
    ask(5, about: .about("a"), peer)
    #expect(ids(peer) == [5])
    #expect(!peer.isBusy)
  }

  @Test func aMessageAboutEverythingWaitsForAllLanes() {
    let peer = makePeer(handler)
    peer.tickets.give(1, in: "a")
    peer.tickets.give(7, in: "b")
    ask(1, about: .all, peer)
    peer.tickets.give(8, in: "b")
    peer.reachTicket(1, in: "a")
    #expect(ids(peer) == [])
    peer.reachTicket(7, in: "b")
    #expect(ids(peer) == [1])
  }

  @Test func whatWillNeverBeReachedIsAnsweredWithAnError() throws {
    let peer = makePeer(handler)
    peer.tickets.give(1, in: "a")
    ask(1, about: .about("a"), peer)
    peer.notify(Note(text: "x"), lane: .about("a"))
    ask(2, about: .all, peer)
    peer.abandonTickets(in: "a", RPCError(.requestFailed, "lost"))
    let messages = peer.takeMessages()
    #expect(messages.map { $0["id"] } == [1, 2])
    #expect(messages[0]["error"]?["message"] == "lost")
    #expect(messages[1]["result"] == .null)
    #expect(!peer.isBusy)
  }

  @Test func anAnswerInABatchWaitsToo() {
    let peer = makePeer(handler)
    peer.tickets.give(1, in: "a")
    handler.methods["work"] = { call in
      call.lane = .about("a")
      call.answer(.null)
    }
    peer.receive(#"[{"jsonrpc":"2.0","id":1,"method":"work"},{"jsonrpc":"2.0","id":2,"method":"echo"}]"# + "\n")
    #expect(peer.output.isEmpty)
    peer.reachTicket(1, in: "a")
    #expect(peer.takeMessages().count == 1)
  }

  @Test func peersThatShareTicketsWaitForThem() {
    let first = makePeer(handler)
    let second = Peer(tickets: first.tickets, handler: handler)
    first.tickets.give(1, in: "a")
    ask(1, about: .about("a"), second)
    // One that came after the ticket was given out, too.
    let third = Peer(tickets: first.tickets, handler: handler)
    ask(2, about: .all, third)
    #expect(ids(second) == [] && ids(third) == [])
    for peer in [first, second, third] { peer.reachTicket(1, in: "a") }
    #expect(ids(second) == [1] && ids(third) == [2])
    first.tickets.give(2, in: "a")
    for (id, peer) in [(3, second), (4, third)] { ask(id, about: .about("a"), peer) }
    for peer in [first, second, third] { peer.abandonTickets(in: "a", RPCError(.requestFailed, "lost")) }
    #expect(second.takeMessages().map { $0["error"]?["message"] } == ["lost"])
    #expect(third.takeMessages().map { $0["error"]?["message"] } == ["lost"])
  }
}
