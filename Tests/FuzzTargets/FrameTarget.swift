import JSONRPC

/// A stream cut into messages must not depend on the pieces in which it arrives.
enum FrameTarget {
  private enum Found: Equatable {
    case frame([UInt8])
    case oversizedLine
    case broken(String)
  }

  /// The first byte says how long the pieces are.
  static func run(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let stream = bytes[1...]
    let whole = events(of: stream, pieces: max(stream.count, 1))
    let cut = events(of: stream, pieces: 1 + Int(first) % 17)
    precondition(whole == cut, "the pieces of a stream changed its messages")
  }

  private static func events(of stream: ArraySlice<UInt8>, pieces count: Int) -> [Found] {
    // Low enough for a short stream to reach them.
    var limits = FrameDecoder.Limits()
    (limits.maximumFrameBytes, limits.maximumHeaderBytes) = (300, 200)
    var decoder = FrameDecoder(limits: limits)
    var found: [Found] = []
    func note(_ event: FrameDecoder.Event, _ decoder: inout FrameDecoder) {
      switch event {
      case .frame(let range): found.append(.frame(decoder.withBytes(of: range) { Array($0) }))
      case .oversizedLine: found.append(.oversizedLine)
      case .broken(let reason): found.append(.broken(reason))
      }
    }
    var place = stream.startIndex
    while place < stream.endIndex {
      let end = min(place + count, stream.endIndex)
      stream[place..<end].withUnsafeBytes { decoder.append($0) }
      while let event = decoder.next() { note(event, &decoder) }
      place = end
    }
    if let event = decoder.finish() { note(event, &decoder) }
    return found
  }
}
