import Basics
import EnergyFrontier
import Sessions
import TestSupport
import Testing

@Suite struct StoreTests {
  @Test func sessionsKeepTheirOrder() throws {
    var store = SessionStore()
    for name in ["b", "a", "c"] { _ = store.open(name: name, seed: 0) }
    #expect(store.open(name: "a", seed: 1).isResumed)
    _ = try store.close("a")
    #expect(store.open(name: nil, seed: 0).session.name == "session-1")
    #expect(store.summaries.map(\.name) == ["b", "c", "session-1"])
    #expect(throws: RequestError.self) { try store.close("a") }
  }

  /// Names differ when their bytes do.
  @Test func normalFormsAreDifferentNames() {
    var store = SessionStore()
    #expect(!store.open(name: "e\u{301}", seed: 0).isResumed)
    #expect(!store.open(name: "\u{e9}", seed: 0).isResumed)
    #expect(store.count == 2)
  }

  /// Against a list that is searched from its beginning.
  @Test func namedListsBehaveAsListsOfPairs() {
    var random = SplitMix64(seed: 11)
    var list = NamedList<Int>()
    var plain: [(name: String, value: Int)] = []
    for step in 0..<5000 {
      let name = "n\(random.next() % 97)"
      let place = plain.firstIndex { $0.name == name }
      switch random.next() % 3 {
      case 0:
        list[name] = nil
        if let place { plain.remove(at: place) }
      case 1:
        #expect(list.update(name) { $0 += 1 } == nil ? place == nil : place != nil)
        if let place { plain[place].value += 1 }
      default:
        list[name] = step
        if let place { plain[place].value = step } else { plain.append((name, step)) }
      }
      #expect(list[name] == plain.first { $0.name == name }?.value && list.count == plain.count)
    }
    #expect(list.names == plain.map(\.name) && list.values == plain.map(\.value))
  }

  @Test func retiringKeepsTheOrderOfTheOthers() throws {
    var state = SessionState(name: "s", seed: 0)
    let ids = (0..<100).map { "gpu-\($0)" }
    for id in ids { _ = state.register([Self.gpu(id)]) }
    _ = try state.retire(ids.filter { $0.hasSuffix("7") })
    #expect(state.gpus.values.map(\.id) == ids.filter { !$0.hasSuffix("7") })
    let before = state
    for wrong in [["gpu-7"], ["gpu-1", "gpu-1"], ["gpu-1", "other"]] {
      #expect(throws: RequestError.self) { try state.retire(wrong) }
      #expect(firstDifference(before, state) == nil)
    }
  }

  private static func gpu(_ id: String) -> GPU {
    GPU(id: id, node: nil, model: nil, memoryBytes: nil, frequencies: nil, blockingPowerWatts: nil)
  }
}
