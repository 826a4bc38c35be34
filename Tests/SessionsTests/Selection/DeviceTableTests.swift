import Basics
import ModelSelection
import Sessions
import Testing

/// The table of devices against a list that is searched from end to end.
@Suite struct DeviceTableTests {
  private struct Model {
    var devices: [(gpu: GPU, trial: TrialID?)] = []

    func choose(_ count: Int, _ memory: Int) -> [String]? {
      let fitting = devices.enumerated().filter { $0.element.trial == nil }
        .filter { ($0.element.gpu.memoryBytes ?? .max) >= memory }
        .sorted { a, b in
          let sizes = (a.element.gpu.memoryBytes ?? .max, b.element.gpu.memoryBytes ?? .max)
          return sizes.0 != sizes.1 ? sizes.0 < sizes.1 : a.offset < b.offset
        }.map(\.element.gpu)
      guard fitting.count >= count else { return nil }
      if count > 1 {
        // The node whose `count`-th fitting device comes first.
        for end in count...fitting.count {
          let node = fitting[end - 1].node
          let same = fitting.prefix(end).filter { $0.node == node }
          if node != nil, same.count == count { return same.map(\.id) }
        }
      }
      return fitting.prefix(count).map(\.id)
    }
  }

  @Test func agreesWithTheList() {
    var generator = SplitMix64(seed: 11)
    for _ in 0..<50 {
      var (table, model, trial) = (DeviceTable([]), Model(), 0)
      for _ in 0..<200 {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
          let gpu = GPU(
            id: "g\(Int.random(in: 0..<12, using: &generator))",
            node: ["a", "b", nil].randomElement(using: &generator)!, model: nil,
            memoryBytes: [nil, 16, 24, 40, 80].randomElement(using: &generator)!, frequencies: nil,
            blockingPowerWatts: nil)
          table.register([gpu])
          if let index = model.devices.firstIndex(where: { $0.gpu.id == gpu.id }) {
            model.devices[index].gpu = gpu
          } else {
            model.devices.append((gpu, nil))
          }
        case 1:
          guard let device = model.devices.randomElement(using: &generator) else { continue }
          #expect(table.retire([device.gpu.id]) == (device.trial.map { [$0] } ?? []))
          model.devices.removeAll { $0.gpu.id == device.gpu.id }
        case 2:
          guard let ended = model.devices.compactMap(\.trial).randomElement(using: &generator) else { continue }
          table.release(model.devices.filter { $0.trial == ended }.map(\.gpu.id), trial: ended)
          for index in model.devices.indices where model.devices[index].trial == ended {
            model.devices[index].trial = nil
          }
        default:
          let count = Int.random(in: 1...3, using: &generator)
          let memory = [0, 16, 20, 40, 79, 81].randomElement(using: &generator)!
          let chosen = table.choose(count, memoryBytes: memory)
          #expect(chosen == model.choose(count, memory))
          #expect((table.memoryBytes(ofIdle: count) ?? -1) >= memory ? chosen != nil : chosen == nil)
          trial += 1
          table.occupy(chosen ?? [], trial: TrialID(trial))
          for index in model.devices.indices where chosen?.contains(model.devices[index].gpu.id) ?? false {
            model.devices[index].trial = TrialID(trial)
          }
        }
        #expect(table.idleCount == model.devices.count { $0.trial == nil })
      }
    }
  }
}
