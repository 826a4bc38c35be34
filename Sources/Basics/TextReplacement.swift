extension String {
  /// The text with each occurrence of another, from left to right, replaced. By bytes, see ``ExactString``. O(bytes).
  package func replacingBytes(of old: StaticString, with new: String) -> String {
    let bytes = Array(utf8)
    return old.withUTF8Buffer { old in
      guard !old.isEmpty, bytes.count >= old.count else { return self }
      var result: [UInt8] = []
      result.reserveCapacity(bytes.count)
      var place = 0
      while place < bytes.count {
        if bytes[place...].starts(with: old) {
          result += new.utf8
          place += old.count
        } else {
          result.append(bytes[place])
          place += 1
        }
      }
      return String(decoding: result, as: UTF8.self)
    }
  }
}
