internal import JSON

/// One message as JSON text.
struct MessageText {
  /// The text, but for `insert`.
  let bytes: [UInt8]
  /// Long text that was written elsewhere and is not copied; empty for none.
  let insert: [UInt8]
  /// Where in `bytes` it belongs.
  let insertOffset: Int

  init(_ bytes: [UInt8]) { (self.bytes, insert, insertOffset) = (bytes, [], 0) }

  init(_ writer: JSONWriter) {
    (bytes, insert, insertOffset) = (writer.bytes, writer.insert, writer.insertOffset)
  }

  var count: Int { bytes.count + insert.count }

  /// The whole text; a copy, so that it keeps no spare room of a writer.
  var joined: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { (target, length) in
      let parts = [bytes[..<insertOffset], insert[...], bytes[insertOffset...]]
      for part in parts {
        _ = UnsafeMutableBufferPointer(rebasing: target[length...]).initialize(fromContentsOf: part)
        length += part.count
      }
    }
  }
}
