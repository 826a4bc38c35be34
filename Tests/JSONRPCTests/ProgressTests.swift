import JSON
import JSONRPC
import Testing

@Suite struct ProgressTests {
  private let handler = TestHandler()

  private func start(_ peer: Peer, token: String = #""t""#) -> Call {
    peer.receive(#"{"jsonrpc":"2.0","id":1,"method":"keep","params":{"workDoneToken":\#(token)}}"# + "\n")
    return handler.kept[0]
  }

  private func values(_ peer: Peer) -> [String] {
    peer.takeMessages().map { ($0["params"]?["value"] ?? $0).canonicalText }
  }

  @Test func reportsRisingPercentagesOnly() {
    let peer = makePeer(handler)
    let progress = start(peer).progress
    progress.report(percentage: 5)
    progress.begin(title: "Work", percentage: 0)
    for percentage in [0, 10, 10, 9, 50, 200] { progress.report(percentage: percentage) }
    progress.end(message: "done")
    progress.report(percentage: 100)
    #expect(
      values(peer) == [
        #"{"cancellable":true,"kind":"begin","percentage":0,"title":"Work"}"#,
        #"{"kind":"report","message":"10 % done","percentage":10}"#,
        #"{"kind":"report","message":"50 % done","percentage":50}"#,
        #"{"kind":"report","message":"100 % done","percentage":100}"#,
        #"{"kind":"end","message":"done"}"#,
      ])
  }

  @Test func clientCancelsByTheToken() {
    let peer = makePeer(handler)
    let call = start(peer)
    call.onCancel = { [unowned call] in call.fail(RPCError(.cancelled, "Cancelled")) }
    let cancel = "window/workDoneProgress/cancel"
    #expect(peer.answers(to: #"{"jsonrpc":"2.0","method":"\#(cancel)","params":{"token":"u"}}"#) == [])
    peer.receive(#"{"jsonrpc":"2.0","method":"\#(cancel)","params":{"token":"t"}}"# + "\n")
    #expect(peer.takeMessages().map { $0["error"]?["code"] } == [-32800])
  }

  @Test func endsBeforeTheAnswerAndIsSilentAfter() {
    let peer = makePeer(handler)
    let call = start(peer, token: "7")
    let progress = call.progress
    progress.begin(title: "Work")
    call.answer(.null)
    progress.report(percentage: 50)
    progress.end()
    let sent = peer.takeMessages()
    #expect(sent.map { $0["params"]?["value"]?["kind"] } == ["begin", "end", nil])
    #expect(sent[0]["params"]?["token"] == 7)
    call.progress.begin(title: "again")
    #expect(peer.output.isEmpty)
  }

  @Test func saysNothingWithoutAToken() {
    let peer = makePeer(handler)
    for token in ["null", "1.5", "[]"] {
      handler.kept = []
      _ = peer.takeMessages()
      let progress = start(peer, token: token).progress
      progress.begin(title: "Work")
      progress.end()
      #expect(peer.output.isEmpty && !progress.isOpen)
    }
  }

  @Test func isLeftOutWhileTheClientIsSlow() {
    let peer = makePeer(handler) { $0.progressBacklogBytes = 10 }
    let progress = start(peer).progress
    peer.notify(Note(text: "something long enough"))
    progress.begin(title: "Work")
    progress.report(percentage: 10)
    #expect(values(peer).count == 1)
    progress.report(percentage: 20)
    progress.report(percentage: 30)
    progress.end()
    // The begin is made up for, the report met a full output again, the end is always sent.
    #expect(
      values(peer) == [#"{"cancellable":true,"kind":"begin","percentage":20,"title":"Work"}"#, #"{"kind":"end"}"#])
  }
}
