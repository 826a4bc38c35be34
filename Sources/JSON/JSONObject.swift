/// The members of a JSON object in the order they were written, duplicates included.
///
/// Kept as a list, not a dictionary: objects on this wire have a handful of members, and order must survive.
package struct JSONObject: Sendable, Hashable {
  /// One name and its value.
  package struct Member: Sendable, Hashable {
    package var key: String
    package var value: JSON

    package init(key: String, value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// All members, in order.
  package var members: [Member]

  package init(members: [Member] = []) {
    self.members = members
  }

  /// The value of the first member named `key`. Linear in the number of members.
  package subscript(key: String) -> JSON? {
    for member in members where member.key == key { return member.value }
    return nil
  }

  /// The value of the first member named `name`, compared byte by byte. Linear in the number of members.
  ///
  /// Bytes, because a `String` comparison would also accept names that merely look equal to Unicode, and because
  /// a `StaticString` longer than 15 bytes would have to be copied to the heap to be compared as a `String`.
  package subscript(name: StaticString) -> JSON? {
    let wanted = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    for member in members where member.key.utf8.count == wanted.count && member.key.utf8.elementsEqual(wanted) {
      return member.value
    }
    return nil
  }
}
