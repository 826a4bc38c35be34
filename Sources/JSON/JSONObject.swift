package import Basics

/// The members of a JSON object in the order they were written, duplicates included.
///
/// An object that was parsed refers to the text and makes its members when they are asked for. Otherwise it is a list,
/// not a dictionary: objects on this wire have a handful of members, and order must survive.
package struct JSONObject: Sendable {
  /// One name and its value.
  package struct Member: Sendable, Hashable {
    package var key: ExactString
    package var value: JSON

    package init(key: ExactString, value: JSON) {
      self.key = key
      self.value = value
    }

    package init(key: String, value: JSON) {
      self.init(key: ExactString(key), value: value)
    }
  }

  private enum Storage {
    case members([Member])
    case parsed(JSONDocument, index: Int32)
  }

  private var storage: Storage

  package init(members: [Member] = []) {
    storage = .members(members)
  }

  init(_ document: JSONDocument, at index: Int) {
    storage = .parsed(document, index: Int32(index))
  }

  /// All members, in order. Linear in their number for an object that was parsed.
  package var members: [Member] {
    get { Array(self) }
    set { storage = .members(newValue) }
  }

  /// The number of members. Constant time.
  package var count: Int {
    switch storage {
    case .members(let members): members.count
    case .parsed(let document, let index): document.word(Int(index)).count
    }
  }

  package var isEmpty: Bool { count == 0 }

  /// About how much there is to read of an object that was parsed: the values within it, and one for each 64 bytes of
  /// the strings that are its members. Linear in the number of members, not of values; 0 for an object that was built.
  package var readingEffort: Int {
    guard case .parsed(let document, let index) = storage else { return 0 }
    let end = document.word(Int(index)).end
    var effort = end - Int(index)
    var place = Int(index) + 1
    while place < end {
      let value = document.word(place + 1)
      if value.kind == .plainString || value.kind == .escapedString { effort += value.count / 64 }
      place = document.next(after: place + 1)
    }
    return effort
  }

  /// The value of the first member named `key`. Linear in the number of members.
  package subscript(key: String) -> JSON? {
    ExactString(key).withBytes { first(named: $0) }
  }

  /// The value of the first member named `name`. Linear in the number of members.
  package func value(of name: StaticString) -> JSON? {
    first(named: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }

  private func first(named name: UnsafeBufferPointer<UInt8>) -> JSON? {
    switch storage {
    case .members(let members):
      return members.withUnsafeBufferPointer { members in
        for index in members.indices
        where members[index].key.byteCount == name.count && members[index].key.withBytes({ $0.elementsEqual(name) }) {
          return members[index].value
        }
        return nil
      }
    case .parsed(let document, let index): return document.value(of: name, inObjectAt: Int(index))
    }
  }
}

extension JSONObject: Sequence {
  package struct Iterator: IteratorProtocol {
    fileprivate enum Rest {
      case members(IndexingIterator<[Member]>)
      case parsed(JSONDocument, next: Int, end: Int)
    }

    fileprivate var rest: Rest

    package mutating func next() -> Member? {
      switch rest {
      case .members(var members):
        defer { rest = .members(members) }
        return members.next()
      case .parsed(let document, let next, let end):
        guard next < end else { return nil }
        rest = .parsed(document, next: document.next(after: next + 1), end: end)
        return Member(key: document.string(document.word(next)), value: document.value(at: next + 1))
      }
    }
  }

  package var underestimatedCount: Int { count }

  package func makeIterator() -> Iterator {
    switch storage {
    case .members(let members): Iterator(rest: .members(members.makeIterator()))
    case .parsed(let document, let index):
      Iterator(rest: .parsed(document, next: Int(index) + 1, end: document.word(Int(index)).end))
    }
  }
}

extension JSONObject: Hashable {
  package static func == (first: JSONObject, second: JSONObject) -> Bool {
    first.count == second.count && first.elementsEqual(second)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for member in self { hasher.combine(member) }
  }
}
