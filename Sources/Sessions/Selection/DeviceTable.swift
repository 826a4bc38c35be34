package import ModelSelection

/// Which of the registered GPUs work for which trial.
package struct DeviceTable: Sendable {
  private struct Device: Sendable {
    let place: Place
    var trial: TrialID?
  }

  /// Orders idle devices by memory, the largest first, and then by registration.
  private struct Place: Sendable, Comparable {
    /// `Int.max` where it is not known: then anything is tried.
    let memoryBytes: Int
    let order: Int
    let id: String
    let node: String?

    static func < (a: Place, b: Place) -> Bool {
      a.memoryBytes != b.memoryBytes ? a.memoryBytes > b.memoryBytes : a.order < b.order
    }

    static func == (a: Place, b: Place) -> Bool { a.order == b.order && a.memoryBytes == b.memoryBytes }
  }

  private var devices: [String: Device] = [:]
  private var idle: [Place] = []
  private var registeredCount = 0

  package init(_ gpus: [GPU]) { register(gpus) }

  package var isEmpty: Bool { devices.isEmpty }
  package var idleCount: Int { idle.count }
  package var count: Int { devices.count }

  /// Adds devices, or describes known ones anew; a device at work stays at work.
  package mutating func register(_ gpus: [GPU]) {
    for gpu in gpus {
      let known = devices[gpu.id]
      if let known, known.trial == nil { removeIdle(known.place) }
      if known == nil { registeredCount += 1 }
      let place = Place(
        memoryBytes: gpu.memoryBytes ?? .max, order: known?.place.order ?? registeredCount, id: gpu.id, node: gpu.node)
      devices[gpu.id] = Device(place: place, trial: known?.trial)
      if known?.trial == nil { insertIdle(place) }
    }
  }

  /// Takes devices away; gives the trials that ran on them, each once, in ascending order.
  package mutating func retire(_ ids: [String]) -> [TrialID] {
    var trials: Set<TrialID> = []
    for id in ids {
      guard let device = devices.removeValue(forKey: id) else { continue }
      if let trial = device.trial { trials.insert(trial) } else { removeIdle(device.place) }
    }
    return trials.sorted()
  }

  /// The trial that a registered device works for.
  ///
  /// - Returns: nil when it is not registered, `.some(nil)` when it is idle.
  package func trial(on id: String) -> TrialID?? { devices[id].map(\.trial) }

  /// The memory of each of these devices, of which the smallest decides what fits.
  package func leastMemoryBytes(of ids: [String]) -> Int {
    ids.reduce(.max) { min($0, devices[$1]?.place.memoryBytes ?? .max) }
  }

  /// The most memory that `count` idle devices have each; nil when fewer are idle. O(1).
  package func memoryBytes(ofIdle count: Int) -> Int? {
    count >= 1 && count <= idle.count ? idle[count - 1].memoryBytes : nil
  }

  /// The `count` smallest idle devices that have enough memory, those of one node if one has that many.
  ///
  /// - Returns: nil when there are not enough. O(idle devices) where several are wanted, else O(log idle devices).
  package func choose(_ count: Int, memoryBytes: Int) -> [String]? {
    // Those that fit come first, and of those the smallest come last.
    let fitting = idle[..<idle.partitionPoint { $0.memoryBytes >= memoryBytes }]
    guard count >= 1, fitting.count >= count, let smallest = fitting.last?.memoryBytes else { return nil }
    if count == 1 { return [idle[fitting.partitionPoint { $0.memoryBytes > smallest }].id] }
    let ordered = fitting.sorted { ($0.memoryBytes, $0.order) < ($1.memoryBytes, $1.order) }
    var perNode: [String: [String]] = [:]
    for place in ordered {
      guard let node = place.node else { continue }
      perNode[node, default: []].append(place.id)
      if perNode[node]!.count == count { return perNode[node] }
    }
    return ordered.prefix(count).map(\.id)
  }

  /// Puts idle devices to work.
  package mutating func occupy(_ ids: [String], trial: TrialID) {
    for id in ids {
      guard let device = devices[id], device.trial == nil else { continue }
      removeIdle(device.place)
      devices[id]!.trial = trial
    }
  }

  /// Makes the devices of a trial that has ended idle again.
  package mutating func release(_ ids: [String], trial: TrialID) {
    for id in ids {
      guard let device = devices[id], device.trial == trial else { continue }
      devices[id]!.trial = nil
      insertIdle(device.place)
    }
  }

  private mutating func insertIdle(_ place: Place) {
    idle.insert(place, at: idle.partitionPoint { $0 < place })
  }

  private mutating func removeIdle(_ place: Place) {
    let index = idle.partitionPoint { $0 < place }
    precondition(idle[index] == place, "an idle device is in its place")
    idle.remove(at: index)
  }
}

extension RandomAccessCollection where Index == Int {
  /// The first index whose element does not belong in front; those that do all come first. O(log count).
  func partitionPoint(_ belongsInFront: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if belongsInFront(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
