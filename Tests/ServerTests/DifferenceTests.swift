import TestSupport
import Testing

private enum Kind: Hashable {
  case one
  case two(Int)
}

private final class Part: Sendable {}

private struct Inner {
  var name = "e\u{301}"
  private var hidden = 1
  mutating func hide(_ value: Int) { hidden = value }
}

private struct Outer {
  var inner = Inner()
  var optional: Int?
  var kind = Kind.two(1)
  var list = [1, 2]
  var table: [String: [Int]] = ["a": [1], "b": [2]]
  var set: Set<Kind> = [.one, .two(2)]
  var part: Part
}

/// The comparison by which other tests show that a refused request changes nothing.
@Suite struct DifferenceTests {
  private static let part = Part()

  @Test func equalValuesDoNotDiffer() {
    let value = Outer(part: Self.part)
    #expect(firstDifference(value, value) == nil)
    // Built in another order.
    var other = Outer(part: Self.part)
    other.table = ["b": [2], "a": [1]]
    other.set = [.two(2), .one]
    #expect(firstDifference(value, other) == nil)
  }

  @Test func eachPlaceIsCompared() {
    let changes: [(String, (inout Outer) -> Void)] = [
      (".inner.hidden", { $0.inner.hide(2) }),
      // Equal by Unicode, unlike in bytes.
      (".inner.name", { $0.inner.name = "\u{e9}" }),
      (".optional", { $0.optional = 0 }),
      (".kind", { $0.kind = .two(2) }),
      (".kind", { $0.kind = .one }),
      (".list", { $0.list = [2, 1] }),
      (".list", { $0.list = [1] }),
      (".table", { $0.table["b"] = [3] }),
      (".table", { $0.table = ["a": [1], "c": [2]] }),
      (".set", { $0.set = [.one, .two(3)] }),
      (".part", { $0.part = Part() }),
    ]
    let before = Outer(part: Self.part)
    for (path, change) in changes {
      var after = before
      change(&after)
      let found = firstDifference(before, after)
      #expect(found?.hasPrefix(path) == true, "\(path): \(found ?? "nothing")")
    }
  }
}
