/// The elements of a JSON list, in order.
///
/// A list that was parsed refers to the text and makes its elements when they are asked for, one after the other.
package struct JSONArray: Sendable {
  private enum Storage {
    case elements([JSON])
    case parsed(JSONDocument, index: Int32)
  }

  private let storage: Storage

  package init(_ elements: [JSON] = []) {
    storage = .elements(elements)
  }

  init(_ document: JSONDocument, at index: Int) {
    storage = .parsed(document, index: Int32(index))
  }

  /// The number of elements. Constant time.
  package var count: Int {
    switch storage {
    case .elements(let elements): elements.count
    case .parsed(let document, let index): document.word(Int(index)).count
    }
  }

  package var isEmpty: Bool { count == 0 }

  /// The element at `index`, which must exist. Linear in `index` for a list that was parsed.
  package subscript(index: Int) -> JSON {
    switch storage {
    case .elements(let elements): return elements[index]
    case .parsed(let document, let start):
      precondition((0..<count).contains(index), "index out of range")
      var place = Int(start) + 1
      for _ in 0..<index { place = document.next(after: place) }
      return document.value(at: place)
    }
  }
}

extension JSONArray: Sequence {
  package struct Iterator: IteratorProtocol {
    fileprivate enum Rest {
      case elements(IndexingIterator<[JSON]>)
      case parsed(JSONDocument, next: Int, end: Int)
    }

    fileprivate var rest: Rest

    package mutating func next() -> JSON? {
      switch rest {
      case .elements(var elements):
        defer { rest = .elements(elements) }
        return elements.next()
      case .parsed(let document, let next, let end):
        guard next < end else { return nil }
        rest = .parsed(document, next: document.next(after: next), end: end)
        return document.value(at: next)
      }
    }
  }

  package var underestimatedCount: Int { count }

  package func makeIterator() -> Iterator {
    switch storage {
    case .elements(let elements): Iterator(rest: .elements(elements.makeIterator()))
    case .parsed(let document, let index):
      Iterator(rest: .parsed(document, next: Int(index) + 1, end: document.word(Int(index)).end))
    }
  }
}

extension JSONArray: Hashable {
  package static func == (first: JSONArray, second: JSONArray) -> Bool {
    first.count == second.count && first.elementsEqual(second)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for element in self { hasher.combine(element) }
  }
}

extension JSONArray: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: JSON...) { self.init(elements) }
}
