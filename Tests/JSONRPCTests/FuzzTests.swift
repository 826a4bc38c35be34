import Basics
import JSON
import JSONRPC
import Testing

/// Mutated input with a fixed budget: no crash, and one answer to each request that was left whole.
@Suite struct FuzzTests {
  private static let seeds: [String] = [
    #"{"jsonrpc":"2.0","id":"bad","method":"echo","params":{"a":[1,2.5e3,"x\u00e9\n"]}}"#,
    #"{"jsonrpc":"2.0","id":"bad","method":"keep","params":{"workDoneToken":"bad"}}"#,
    #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"bad"}}"#,
    #"[{"jsonrpc":"2.0","id":"bad","method":"echo"},{"jsonrpc":"2.0","method":"x"},[],1]"#,
    #"{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"offf"}}"#,
    #"{"jsonrpc":"2.0","id":"bad","result":{}}"#,
  ]

  @Test(arguments: 0..<60 as Range<UInt64>)
  func wholeRequestsAreAnsweredOnce(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let usesLines = Bool.random(using: &generator)
    // Starts the connection in the chosen framing.
    var stream = Array((usesLines ? "{}\n" : frame("{}")).utf8)
    var wanted: [String] = []
    for index in 0..<40 {
      var body: [UInt8]
      if Int.random(in: 0..<3, using: &generator) == 0 {
        let id = "ok-\(index)"
        wanted.append(id)
        body = Array(#"{"jsonrpc":"2.0","id":"\#(id)","method":"\#(index % 2 == 0 ? "echo" : "keep")"}"#.utf8)
      } else {
        body = mutated(Array(Self.seeds.randomElement(using: &generator)!.utf8), &generator)
        // A line feed would cut the message in two, which is another message than the one counted.
        if usesLines { body = body.map { $0 == UInt8(ascii: "\n") ? 0 : $0 } }
      }
      stream += usesLines ? body + [UInt8(ascii: "\n")] : Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    let handler = TestHandler()
    let peer = makePeer(handler)
    feed(stream, to: peer, &generator)
    peer.abandonRequests()
    var counts: [String: Int] = [:]
    for message in peer.takeMessages() {
      for answer in message.arrayValue ?? [message] where answer["method"] == nil {
        if let id = answer["id"]?.stringValue?.text, id.hasPrefix("ok-") { counts[id, default: 0] += 1 }
      }
    }
    #expect(counts == Dictionary(uniqueKeysWithValues: wanted.map { ($0, 1) }), "seed \(seed)")
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func mutatedStreamsDoNotCrash(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var stream: [UInt8] = []
    for _ in 0..<20 { stream += Array(frame(Self.seeds.randomElement(using: &generator)!).utf8) }
    for _ in 0..<3 { stream = mutated(stream, &generator) }
    let peer = makePeer()
    feed(stream, to: peer, &generator)
    peer.abandonRequests()
    for message in peer.takeMessages() { #expect(message.stringValue?.text == nil, "seed \(seed): \(message)") }
  }

  private func feed(_ stream: [UInt8], to peer: Peer, _ generator: inout SplitMix64) {
    var rest = stream[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 1...200, using: &generator))
      piece.withUnsafeBytes { peer.receive($0) }
      rest = rest.dropFirst(piece.count)
    }
    peer.endOfInput()
  }

  /// One to four small changes.
  private func mutated(_ bytes: [UInt8], _ generator: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0...bytes.count, using: &generator)
      let end = min(bytes.count, place + Int.random(in: 0...8, using: &generator))
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes.removeSubrange(place..<end)
      case 1: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &generator))
      case 2: bytes.insert(#"{}[]",:\0e-."#.utf8.randomElement(using: &generator)!, at: place)
      case 3: bytes.insert(UInt8.random(in: 11...255, using: &generator), at: place)
      default: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 4..<8, using: &generator) }
      }
    }
    return bytes
  }
}
